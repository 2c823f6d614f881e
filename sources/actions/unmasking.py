"""Looking at personal data in full: allowed for a purpose, and always on record."""

from django.db import transaction

import audit.actions
from accounts.models import User
from sources.models import Retailer


@transaction.atomic
def note_unmasked(*, retailer: Retailer, by: User) -> None:
    """Record that somebody was shown a retailer's personal data."""
    audit.actions.record(
        "retailer.unmasked",
        subject=f"retailer:{retailer.code}"[:80],
        bureau=retailer.bureau.code,
        by=by.code,
        fields=["licensee", "phone", "address"],
    )
