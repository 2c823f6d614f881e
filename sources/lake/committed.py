"""Which files readers may open: those of the versions that PostgreSQL names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Bureau
from sources.lake import writing
from sources.models import TableVersion


def committed_files(table: str, within: Q) -> list[str]:
    """The files of a table's committed versions, of the bureaus that the condition selects."""
    return committed_tables([table], within)[table]


def committed_tables(tables: Iterable[str], within: Q) -> dict[str, list[str]]:
    """The same of several tables, asked at once."""
    names: dict[str, list[str]] = {table: [] for table in tables}
    found = TableVersion.objects.filter(within, table__in=names).order_by("bureau__code")
    for table, code, version in found.values_list("table", "bureau__code", "version"):
        names[table] += writing.files(table, code, version)
    return names


def committed_versions(within: Q) -> dict[str, int]:
    """ "table:bureau" -> the committed version, of the bureaus that the condition selects."""
    found = TableVersion.objects.filter(within).values_list("table", "bureau__code", "version")
    return {f"{table}:{code}": version for table, code, version in found}


def below(path: str) -> Q:
    """A bureau's own tables and those of all bureaus below it."""
    return Q(bureau__path__startswith=path)


@dataclass(frozen=True)
class Scope:
    """Bureaus whose facts are opened: some and what lies below them, and those above them."""

    paths: Sequence[str]

    @classmethod
    def of(cls, codes: Sequence[str]) -> "Scope":
        found = Bureau.objects.filter(code__in=list(codes)).order_by("path")
        return cls(list(found.values_list("path", flat=True)))

    def within(self, *, bureau: str = "bureau") -> Q:
        """The bureaus and those below them; `bureau` is the way from a row to its bureau."""
        condition = Q(pk__in=[])
        for path in self.paths:
            condition |= Q(**{f"{bureau}__path__startswith": path})
        return condition

    def wide(self) -> Q:
        """These, and those above them, whose catalogues and policies they share."""
        above = set()
        for path in self.paths:
            steps = path.strip("/").split("/")
            above |= {f"/{'/'.join(steps[:n])}/" for n in range(1, len(steps))}
        return self.within() | Q(bureau__path__in=above)
