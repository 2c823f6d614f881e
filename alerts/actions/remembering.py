"""What nights remember: panels of the days before, so that a night costs one order day.

A panel's row needs that day's facts and the shop's earlier rows, never the facts behind those. So the
rows are kept, in Parquet files beside the lake, and a night adds its order day to them. What an import
changed in the past is cut off and made again, day by day. Where nothing was kept, or the formulas
have changed, all is made anew from the first day of the facts: the same rows (a test compares).
"""

import datetime as dt
import hashlib
import inspect
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import ibis
import ibis.expr.types as ir
from django.conf import settings
from django.db import connection, transaction
from ibis import _

from accounts.models import Bureau
from alerts import panels, statistics, trails
from alerts.models import Memory
from alerts.trails import Past, Span, last_orders
from sources import lake
from sources.facts import Facts, Shelf, rows
from sources.lake.late import earliest_change

TABLES = ("orders", "lines", "limits", "calendar")  # what panels are made of
MOST_DAYS = 10  # order days that are added one by one; more are made anew at once
LEFTOVER = 24 * 3600  # seconds after which a file that nobody names is deleted
A_DAY = dt.timedelta(days=1)
BEGINNING = dt.date(1900, 1, 1)  # before any order

Files = dict[str, dict[str, list[str]]]  # panel -> month -> paths below LAKE_URL
Tables = dict[str, ir.Table]


@transaction.atomic
def remember(
    *, facts: Facts, on: dt.date, city: Bureau, codes: Sequence[str], now: dt.datetime
) -> Tables:
    """The panels of some counties up to a day, by name; what they were made of is kept.

    facts: of these counties, up to the day, with the shelf of the engine that holds them.
    """
    shelf = _shelf(facts)
    _lock(city, codes)
    kept = Memory.objects.filter(city=city, codes=sorted(codes)).first()
    wanted = [made.name for made in panels.PANELS.values() if made.can_be_made(facts)]
    versions = _versions(shelf, city, codes)
    through = _sound_through(kept, wanted, versions)
    if kept is not None and on <= through:
        return open_files(facts, kept.files, on)
    days = _order_days(facts, through, on)
    if kept is None or through == BEGINNING or len(days) > MOST_DAYS:
        with lake.open_facts(on=on, bureaus=codes) as whole:  # older ones than a night's, too
            files = made_anew(whole.until(on), on, place_of(city))
    else:
        files = with_days(facts, kept.files, through, days, place_of(city))
    Memory.objects.update_or_create(
        city=city,
        codes=sorted(codes),
        defaults={
            "through": on, "formula": formula(), "versions": versions, "files": files, "kept_at": now,
        },
    )  # fmt: skip
    if kept is not None:
        _let_go(city, _attempts([kept.files]) - _attempts([files]))
    transaction.on_commit(lambda: sweep(city=city))
    return open_files(facts, files, on)


def sweep(*, city: Bureau) -> None:
    """Delete the files that no memory of the city has named for a day."""
    named = _attempts(Memory.objects.filter(city=city).values_list("files", flat=True))
    place = root() / "panels" / city.code
    for attempt in place.iterdir() if place.is_dir() else ():
        if attempt.name not in named and time.time() - attempt.stat().st_mtime > LEFTOVER:
            shutil.rmtree(attempt, ignore_errors=True)


def _attempts(named: Iterable[Files]) -> set[str]:
    """The folders below the city's that hold these files: panels, city, attempt, ..."""
    return {
        Path(path).parts[2]
        for files in named
        for months in files.values()
        for paths in months.values()
        for path in paths
    }


def _let_go(city: Bureau, attempts: Iterable[str]) -> None:
    """Whoever reads them now has a day to finish."""
    for attempt in attempts:
        (root() / "panels" / city.code / attempt).touch()


@cache
def formula() -> str:
    """The digest of the code that makes panels: other code makes them anew."""
    text = "".join(inspect.getsource(module) for module in (panels, statistics, trails))
    return hashlib.sha256(text.encode()).hexdigest()


def _shelf(facts: Facts) -> Shelf:
    if facts.shelf is None:
        raise ValueError("these facts have nowhere to put tables away")
    return facts.shelf


def _lock(city: Bureau, codes: Sequence[str]) -> None:
    """One at a time for the same counties, until the transaction ends."""
    name = f"panels:{city.code}:{','.join(sorted(codes))}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _versions(shelf: Shelf, city: Bureau, codes: Sequence[str]) -> dict[str, int]:
    """Those of the tables that the counties' panels are made of: their own, and those above them."""
    concerned = {*codes, *city.path.strip("/").split("/")}
    return {
        key: version
        for key, version in shelf.versions.items()
        if key.split(":")[0] in TABLES and key.split(":")[1] in concerned
    }


def _sound_through(
    kept: Memory | None, wanted: Iterable[str], versions: Mapping[str, int]
) -> dt.date:
    """The last day up to which what is kept still holds."""
    if kept is None or kept.formula != formula() or set(kept.files) != set(wanted):
        return BEGINNING
    if not all(path.exists() for months in kept.files.values() for path in _paths(months)):
        return BEGINNING
    changed = earliest_change(kept.versions, versions)
    return kept.through if changed is None else min(kept.through, changed - A_DAY)


def _order_days(facts: Facts, after: dt.date, on: dt.date) -> list[dt.date]:
    days = facts.orders.filter(_.day > after, _.day <= on).select("day").distinct()
    return sorted(row["day"] for row in rows(days))


def made_anew(facts: Facts, on: dt.date, place: Path) -> Files:
    """All panels of all days up to one, written below a new folder."""
    shelf, files = _shelf(facts), Files()

    def keep(name: str, table: ir.Table) -> ir.Table:
        files[name] = _below_root(shelf.write(table, place / name))
        return _rows(facts, name, files[name])

    panels.kept(facts, Span(BEGINNING, on), keep)
    return files


def with_days(
    facts: Facts, files: Files, through: dt.date, days: Iterable[dt.date], place: Path
) -> Files:
    """The panels of these order days added to those up to `through`, below a new folder."""
    shelf = _shelf(facts)
    known = open_files(facts, files, through)
    tables, added = dict(known), {name: list[ir.Table]() for name in files}
    for day in days:
        made = next_day(facts.until(day), day, tables, shelf)
        for name, new in made.items():
            added[name].append(new)
            tables[name] = ibis.union(tables[name], new)
    month = f"{through:%Y-%m}"
    result: Files = {}
    for name, months in files.items():
        last = known[name].filter(_.day >= through.replace(day=1))
        fresh = shelf.write(ibis.union(last, *added[name]), place / name)
        older = {one: paths for one, paths in months.items() if one < month}
        result[name] = {**older, **_below_root(fresh)}
    return result


def next_day(facts: Facts, on: dt.date, before: Tables, shelf: Shelf) -> Tables:
    """The rows of one order day of each panel in `before`, which holds those of the days before."""
    shops = facts.orders.filter(_.day == on).select("retailer_id").distinct()
    last = shelf.store(last_orders(before["order_days"], on, shops))
    past = {name: Past.of(table, on, last, shelf.store) for name, table in before.items()}
    span = Span(on - A_DAY, on, past)
    made = panels.kept(facts, span, lambda _name, new: shelf.store(new), names=before).tables
    return {name: made[name].select(table.columns) for name, table in before.items()}


def open_files(facts: Facts, files: Files, on: dt.date) -> Tables:
    """The kept rows of each panel up to a day."""
    return {name: _rows(facts, name, months).filter(_.day <= on) for name, months in files.items()}


def _rows(facts: Facts, name: str, months: Mapping[str, Sequence[str]]) -> ir.Table:
    paths = _paths(months)
    if paths:
        return _shelf(facts).read(paths)
    schema = panels.PANELS[name].build(facts, Span(BEGINNING, BEGINNING)).schema()
    return ibis.memtable(schema.to_pyarrow().empty_table(), schema=schema)  # never ordered


def _paths(months: Mapping[str, Sequence[str]]) -> list[Path]:
    return [root() / path for paths in months.values() for path in paths]


def root() -> Path:
    return Path(settings.LAKE_URL)


def place_of(city: Bureau) -> Path:
    """A folder of this attempt's own."""
    return root() / "panels" / city.code / uuid.uuid4().hex


def _below_root(months: Mapping[str, Sequence[Path]]) -> dict[str, list[str]]:
    return {
        month: [str(path.relative_to(root())) for path in paths] for month, paths in months.items()
    }
