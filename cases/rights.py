"""Which right the records of an alert need: the county's, or the city's where the city handles it."""

from accounts.models import Scoped
from alerts.states import is_citys


def right_to_write(row: Scoped) -> str:
    """The right to interview, visit and conclude, of an alert or a record of it."""
    return "write_above" if is_citys(row) else "write_case"


def right_to_approve(row: Scoped) -> str:
    """The right to agree to a red alert's visit."""
    return "approve_visit_above" if is_citys(row) else "approve_visit"
