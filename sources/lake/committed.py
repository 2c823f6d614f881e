"""Which files readers may open: those of the versions that PostgreSQL names."""

from django.db.models import Q

from sources.lake import writing
from sources.models import TableVersion


def committed_files(table: str, within: Q) -> list[str]:
    """The files of a table's committed versions, of the bureaus that the condition selects."""
    found = TableVersion.objects.filter(within, table=table).order_by("bureau__code")
    names: list[str] = []
    for code, version in found.values_list("bureau__code", "version"):
        names += writing.files(table, code, version)
    return names


def below(path: str) -> Q:
    """A bureau's own tables and those of all bureaus below it."""
    return Q(bureau__path__startswith=path)
