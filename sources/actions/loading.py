"""One checked file into masters and lake: place its rows, release what waited for them, write.

All of it happens in the transaction of the batch, under the writer's lock. The lake is written
before that transaction commits; its versions count only once it has.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from accounts.models import Bureau
from jobs.actions import report_progress
from sources.actions import holding
from sources.actions.masters import MasterLoad, load_masters
from sources.crypto import seal_column
from sources.importing.contract import Checked, Kind
from sources.importing.kinds import KINDS
from sources.importing.meanings import PHONE_NOW
from sources.importing.totals import titled_sums
from sources.lake import engine, writing
from sources.lake.committed import below, committed_files
from sources.lake.placing import Places, place, split_by_bureau
from sources.lake.tables import TABLES
from sources.models import Batch, ColumnProfile, Licence, Retailer, Sku, TableVersion

_LOCKS = 7206  # the key space of the writers' advisory locks
CITY_WIDE = {"supply_limits", "calendar"}  # one policy and calendar for all counties of a city
HASHED_CHANGES = ("phone", "account")  # hashed on reading, masked where shown
WORD_CHANGES = ("tier", "status", "type", "licence_status")  # harmless unless they hold a number


@dataclass
class Load:
    """A batch on its way into the lake, and what it did so far."""

    batch: Batch
    checked: Checked
    at: dt.datetime
    trust_old: bool  # the same file was imported before
    root: Bureau  # parents are looked up, rows held and the writer's lock taken below it
    counts: Counter[str] = field(default_factory=Counter)
    fresh: dict[str, list[str]] = field(default_factory=dict)
    staged: dict[tuple[str, str], writing.Staged] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=dict)  # kind -> what its files brought
    staged_orders: list[pa.Table] = field(default_factory=list)
    held_sums: dict[str, float] = field(default_factory=dict)  # Chinese header -> sum of held rows
    days: dict[str, list[str]] = field(default_factory=dict)  # bureau -> first and last order day


def lock_writers(root: Bureau) -> None:
    """Wait until nobody else imports at this bureau, above or below; ends with the transaction.

    The lock belongs to the database session, so a killed writer holds nothing.
    """
    with connection.cursor() as cursor:
        for bureau in reversed(lineage(root)):
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_LOCKS, bureau.pk])
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCKS, root.pk])


def load(work: Load) -> None:
    """Bring the file's rows where they belong; raises ForeignCommitError where the lock was lost."""
    kind = work.checked.kind
    con = engine.connect()
    try:
        if kind.name not in TABLES:
            _load_masters(work)
        for name in TABLES:
            report_progress(
                40 + 50 * list(TABLES).index(name) // len(TABLES), total=100, note="整理数据"
            )
            _load_facts(con, work, KINDS[name])
    finally:
        con.close()
    report_progress(90, total=100, note="写入数据湖")
    _write(work)


def _load_masters(work: Load) -> None:
    name = work.checked.kind.name
    masters = MasterLoad(
        batch=work.batch,
        home=work.batch.bureau,
        day=work.at.date(),
        trust_old=work.trust_old,
        phone_is_now=_says(work.batch.bureau, PHONE_NOW),
        counts=work.counts,
        fresh=work.fresh.setdefault(name, []),
        bureaus=set(),
    )
    load_masters(work.checked, masters)
    for bureau in masters.bureaus:
        note_version(work.batch, name, bureau, version=0, columns=work.checked.columns_found)


def _says(bureau: Bureau, meaning: str) -> bool:
    """Whether the profile of a bureau, or of one above it, gives a column this meaning."""
    told = ColumnProfile.objects.filter(column=meaning).values_list("bureau__path", flat=True)
    return any(bureau.path.startswith(path) for path in told)


def note_version(
    batch: Batch,
    table: str,
    bureau: Bureau,
    *,
    version: int,
    columns: Iterable[str],
    added: int = 0,
) -> None:
    """Make a version of a table the one that readers open; columns are added to those known."""
    known, _ = TableVersion.objects.get_or_create(
        table=table, bureau=bureau, defaults={"version": version, "rows": 0, "batch": batch}
    )
    known.version, known.batch = version, batch
    known.rows += added
    known.columns = sorted({*known.columns, *columns})
    known.save(update_fields=["version", "batch", "rows", "columns"])


def _load_facts(con: engine.Connection, work: Load, kind: Kind) -> None:
    """The file's own rows of a kind, and those that were held until now."""
    parts = []
    if work.checked.kind is kind:
        own = pa.repeat(pa.scalar(work.batch.pk, pa.int64()), work.checked.rows.num_rows)
        parts.append(sealed(kind, work.checked.rows).append_column("batch_id", own))
        work.columns.setdefault(kind.name, set()).update(work.checked.columns_found)
    released = holding.release(con, kind, work.fresh, root=work.root)
    if released is not None:
        parts.insert(0, released.rows)  # older files first: the last row of a key counts
        work.columns.setdefault(kind.name, set()).update(released.columns)
    if not parts:
        return
    placed = place(con, kind, pa.concat_tables(parts), _places(work, kind))
    mine = pc.equal(placed.held["batch_id"], work.batch.pk)
    held = placed.held.filter(mine)
    holding.hold(con, kind, held, root=work.root)
    if work.checked.kind is kind and held.num_rows:
        work.held_sums = titled_sums(kind, held)
    if released is not None:
        holding.settle(released, placed.held.filter(pc.invert(mine)), batch=work.batch)
    for row in placed.states.to_pylist():
        if row["batch_id"] == work.batch.pk:
            work.counts[row["state"]] += row["n"]
    _stage(work, kind, placed.rows, placed.marks)


def sealed(kind: Kind, rows: pa.Table) -> pa.Table:
    """The rows with personal text encrypted; hashes stay as they are."""
    for column in kind.columns:
        if column.personal:
            place = rows.schema.get_field_index(column.name)
            rows = rows.set_column(place, rows.field(place), seal_column(rows[column.name]))
    if kind.name == "changes":
        hashed = pc.is_in(rows["field"], pa.array(HASHED_CHANGES))
        words = pc.is_in(rows["field"], pa.array(WORD_CHANGES))
        for name in ("old_value", "new_value", "old_shown", "new_shown"):
            place = rows.schema.get_field_index(name)
            number = pc.fill_null(pc.match_substring_regex(rows[name], r"\d{7}"), False)  # noqa: FBT003
            plain = pc.or_(hashed, pc.and_not(words, number))
            kept = pc.if_else(plain, rows[name], seal_column(rows[name]))
            rows = rows.set_column(place, rows.field(place), kept)
    return rows


def _places(work: Load, kind: Kind) -> Places:
    within = {"bureau__path__startswith": work.root.path}
    retailers = Retailer.objects.filter(**within).values_list("code", "bureau__code")
    parents = {"retailers": _pairs(retailers, "retailer_id", "bureau")}
    if "licence_no" in {column.name for column in kind.columns}:
        licences = Licence.objects.filter(**within).values_list("licence_no", "bureau__code")
        shops = Retailer.objects.filter(**within).exclude(licence_no="")
        own = shops.values_list("licence_no", "bureau__code")
        parents["licences"] = _pairs(dict([*licences, *own]).items(), "licence_no", "bureau")
    if "skus" in kind.parents.values():
        catalogues = [work.root, *lineage(work.root)]
        listed = Sku.objects.filter(**within) | Sku.objects.filter(bureau__in=catalogues)
        skus = listed.values_list("sku_id", flat=True).distinct()
        parents["skus"] = pa.table({"sku_id": pa.array(list(skus), pa.string())})
    return Places(
        parents=parents,
        orders=committed_files("orders", below(work.root.path)),
        staged_orders=pa.concat_tables(work.staged_orders) if work.staged_orders else None,
        files=committed_files(TABLES[kind.name], below(work.root.path)),
        home=(work.batch.bureau.city if kind.name in CITY_WIDE else work.batch.bureau).code,
        today=work.at.date(),
        trust_old=work.trust_old,
    )


def lineage(bureau: Bureau) -> list[Bureau]:
    """All bureaus above one."""
    above = []
    while bureau.parent is not None:
        bureau = bureau.parent
        above.append(bureau)
    return above


def _pairs(rows: Iterable[tuple[str, str]], left: str, right: str) -> pa.Table:
    pairs = list(rows)
    return pa.table(
        {
            left: pa.array([pair[0] for pair in pairs], pa.string()),
            right: pa.array([pair[1] for pair in pairs], pa.string()),
        }
    )


def _stage(work: Load, kind: Kind, rows: pa.Table, marks: pa.Table) -> None:
    """Keep the rows to write, by bureau, and what children need of new orders."""
    for bureau, part in split_by_bureau(rows).items() if rows.num_rows else ():
        work.staged.setdefault((kind.name, bureau), writing.Staged()).rows.append(part)
        if kind.name in {"orders", "order_lines"}:
            _note_days(work, bureau, part["day"])
    for mark in marks.to_pylist():
        staged = work.staged.setdefault((kind.name, mark["bureau"]), writing.Staged())
        staged.former.setdefault(mark["month"], []).append((mark["batch_id"], mark["row_no"]))
    if kind.name == "orders" and rows.num_rows:
        live = rows.filter(pc.is_null(rows["superseded_by"]))
        orders = live.select(["order_id", "retailer_id", "bureau", "day"])
        work.staged_orders.append(orders)
        work.fresh.setdefault("orders", []).extend(orders["order_id"].to_pylist())


def _note_days(work: Load, bureau: str, days: pa.ChunkedArray) -> None:
    ends = pc.min_max(days).as_py()
    if ends["min"] is not None:
        first, last = work.days.get(bureau, ["9999", "0000"])
        first, last = min(first, ends["min"].isoformat()), max(last, ends["max"].isoformat())
        work.days[bureau] = [first, last]


def _write(work: Load) -> None:
    """Write every staged table and note its version."""
    known_at = work.at.astimezone(dt.UTC).replace(tzinfo=None)
    writer = writing.Writer(batch_id=work.batch.pk, known_at=known_at, token=uuid.uuid4().hex)
    codes = {code for _, code in work.staged}
    bureaus = {bureau.code: bureau for bureau in Bureau.objects.filter(code__in=codes)}
    for (name, code), staged in sorted(work.staged.items()):
        table, bureau = TABLES[name], bureaus[code]
        known = TableVersion.objects.filter(table=table, bureau=bureau).first()
        version = writing.write(KINDS[name], code, known.version if known else None, staged, writer)
        note_version(
            work.batch, table, bureau, version=version, columns=work.columns[name],
            added=staged.count(),
        )  # fmt: skip
