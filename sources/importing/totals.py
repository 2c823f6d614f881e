"""Control totals: what a file says its rows add up to, against what they do.

The last 合计 or 总计 of a sheet is its grand total; totals above it are subtotals, each compared with
the rows below some earlier total. What a file leaves out of its total (repeated rows, cancelled
orders) is found out by trying. Sums are 条 and 元; ROWS counts data rows.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sources.importing.cells import CARTONS, YUAN, half_width, read_amount
from sources.importing.contract import Kind, Total, Type
from sources.importing.header import Header
from sources.importing.noise import reads_like_total

ROWS = "rows"
# The columns whose sum means something: no prices, no limits.
ADDING: Mapping[str, tuple[str, ...]] = {
    "orders": ("qty", "amount"),
    "order_lines": ("qty", "qty_need", "amount"),
    "deliveries": ("delivered_qty",),
    "payments": ("paid_amount",),
    "coding": ("sorted_qty", "coded_qty"),
    "seizures": ("qty",),
    "pos_sales": ("qty",),
}
# Units in which a file counts the rows of a kind; 条 may mean cartons as well.
_COUNTED = {"户": ("retailers",), "笔": ("orders", "payments")}
_COUNT = re.compile(r"(?:共|合计|总计)[:：]?([\d,]+)(条|行|户|笔)")
_BARE = re.compile(r"\d{1,3}(,\d{3})+|\d{1,9}")
_PARTIAL = re.compile(r"小计|页合?计|subtotal", re.IGNORECASE)
_PURE = re.compile(r"(总?合计|总计|共计|累计|grandtotal|total|sum)([:：\d].*)?", re.IGNORECASE)
_SLACK = 0.005  # of the file's own unit: half of the last digit that people write
LOOK_BACK = 1000  # totals above a subtotal that it may begin below

Sums = dict[str, float]
Numbers = npt.NDArray[np.float64]
Doubt = Callable[[int, str, str, str], None]  # row, column, value, reason


@dataclass(frozen=True)
class Figure:
    """A number that a file states; one that is not `sure` counts only where it agrees."""

    value: float
    slack: float = _SLACK
    sure: bool = True

    def agrees(self, added: float) -> bool:
        return round(abs(self.value - added), 6) <= self.slack


@dataclass(frozen=True)
class Stated:
    """A row of totals or a footer that counts. `cartons`: its count may be one of cartons."""

    row_no: int
    label: str
    figures: Mapping[str, Figure]
    cartons: bool = False
    sheet: int = 0
    before: Mapping[str, float] = field(default_factory=dict)  # sums of the file above it


def read_stated(header: Header, row_no: int, cells: Mapping[int, str]) -> Stated | None:
    """What a row that is no data states. `cells`: its tidied texts by position, from the left."""
    filled = {place: text for place, text in cells.items() if text}
    label = next((at for at in list(filled)[:3] if reads_like_total(filled[at])), None)
    figures = _sums(header, filled, label) if label is not None else {}
    packed = (half_width(text).replace(" ", "") for text in filled.values())
    counted = next(filter(None, map(_COUNT.search, packed)), None)
    if counted:
        kinds = _COUNTED.get(counted[2], (header.kind.name,))
        figures[ROWS] = Figure(_number(counted[1]), sure=header.kind.name in kinds)
    elif label is not None and (bare := _bare_count(header, filled, label)) is not None:
        figures[ROWS] = Figure(bare, sure=not figures)
    if not figures:
        return None
    cartons = bool(counted and counted[2] == "条")
    return Stated(row_no, filled[label] if label is not None else "", figures, cartons)


def _sums(header: Header, filled: Mapping[int, str], label: int) -> dict[str, Figure]:
    figures = {}
    for name in ADDING.get(header.kind.name, ()):
        place = header.places.get(name)
        if place is None or place == label:
            continue
        units = YUAN if header.kind.column(name).type is Type.MONEY else CARTONS
        factor = header.factors.get(name, units["元" if units is YUAN else "条"])
        value = read_amount(filled.get(place, ""), units, factor).value
        if value is not None:
            figures[name] = Figure(float(value), _SLACK * max(float(factor), 1.0))
    return figures


def _bare_count(header: Header, filled: Mapping[int, str], label: int) -> float | None:
    """The number beside the label, where no column of numbers stands: 合计 | 900."""
    beside = next((place for place in filled if place > label), None)
    names = {place: name for name, place in header.places.items()}
    if beside is None or not _BARE.fullmatch(half_width(filled[beside])):
        return None
    if beside in names and header.kind.column(names[beside]).type not in {Type.TEXT, Type.CODE}:
        return None
    return _number(half_width(filled[beside]))


def _number(text: str) -> float:
    return float(text.replace(",", ""))


class Totals:
    """The sums of a file's rows as they are read, and the totals that stand among them."""

    def __init__(self) -> None:
        self.stated: list[Stated] = []
        self.sums: Sums = defaultdict(float)
        self.rejected: Sums = defaultdict(float)
        self._starts: list[Sums] = []

    def begin_sheet(self) -> None:
        self._starts.append(dict(self.sums))

    def add(
        self, row_no: npt.NDArray[np.int64], numbers: Mapping[str, Numbers], found: list[Stated]
    ) -> None:
        """Add the rows of a batch (`numbers`: 0 where a row is no data), and the totals `found`."""
        found = sorted(found, key=lambda stated: stated.row_no)
        places = [int(np.searchsorted(row_no, stated.row_no)) for stated in found]
        running = {
            name: np.append(0.0, np.cumsum(values)) + self.sums[name]
            for name, values in (numbers if found else {}).items()
        }
        for stated, place in zip(found, places, strict=True):
            before = {name: float(values[place]) for name, values in running.items()}
            sheet = len(self._starts) - 1
            self.stated.append(
                Stated(stated.row_no, stated.label, stated.figures, stated.cartons, sheet, before)
            )
        for name, values in numbers.items():
            self.sums[name] += float(values.sum())

    def note_ragged(self) -> None:
        """Count a data row that could not be cut into columns."""
        self.sums[ROWS] += 1
        self.rejected[ROWS] += 1

    def sums_before(self, sheet: int, name: str) -> float:
        """The sum of the sheets above one."""
        return [*self._starts, self.sums][sheet].get(name, 0.0)

    def sheet_sum(self, sheet: int, name: str) -> float:
        return self.sums_before(sheet + 1, name) - self.sums_before(sheet, name)


def column_sums(kind: Kind, rows: pa.Table) -> Sums:
    """The sums of checked rows, and how many there are."""
    sums = {ROWS: float(rows.num_rows)}
    for name in ADDING.get(kind.name, ()):
        in_units = 100 if kind.column(name).type is Type.MONEY else 1
        sums[name] = float(pc.sum(rows[name]).as_py() or 0) / in_units
    return sums


def left_out(kind: Kind, good: pa.Table, rows: pa.Table) -> dict[str, Sums]:
    """What a file may leave out of its totals: words -> the sums of it. `rows` are the `good` ones
    without exact repetitions."""
    found: dict[str, Sums] = {}
    if kind.name == "orders":
        found["已取消的订单"] = column_sums(kind, good.filter(good["is_cancelled"]))
    if good.num_rows == rows.num_rows:
        return found
    every, once = column_sums(kind, good), column_sums(kind, rows)
    found["重复的行"] = {name: every[name] - once[name] for name in every}
    if kind.name == "orders":
        live = column_sums(kind, rows.filter(pc.invert(rows["is_cancelled"])))
        found["已取消的订单和重复的行"] = {name: every[name] - live[name] for name in every}
    return found


def titled_sums(kind: Kind, rows: pa.Table) -> Sums:
    """The sums of checked rows by Chinese header."""
    return {_title(kind, name): round(value, 6) for name, value in column_sums(kind, rows).items()}


def reconcile(
    kind: Kind, totals: Totals, *, less: Mapping[str, Sums], doubt: Doubt
) -> tuple[list[Total], int]:
    """Each grand total and count against the rows, and how many subtotals were compared.

    `less`: see `left_out`. What differs is told `doubt` as well. Subtotals are looked at only where
    the grand total does not agree: they show where rows are missing.
    """
    grand = {_last_grand(totals.stated, sheet) for sheet in {one.sheet for one in totals.stated}}
    found = []
    for stated in totals.stated:
        if stated.label and stated.row_no not in grand:
            continue
        for name, figure in stated.figures.items():
            total = _compare(kind, totals, stated, name, less)
            if total.agrees or figure.sure:
                found.append(total)
    for total in found:
        if not total.agrees:
            reason = f"文件合计与逐行相加的 {written(total.added)} {total.unit}不符"
            doubt(total.row_no, total.column, written(total.stated), reason)
    agreed = {total.column for total in found if total.agrees}
    names = [name for name in ADDING.get(kind.name, ()) if kind.column(name).title not in agreed]
    parts = [one for one in totals.stated if one.label and one.row_no not in grand]
    return found, sum(_compare_parts(kind, totals, parts, name, doubt) for name in names)


def _last_grand(stated: Sequence[Stated], sheet: int) -> int:
    """The row of a sheet's grand total: its last pure 合计, else its last that is no 小计; 0: none."""
    here = [one for one in stated if one.sheet == sheet and one.label]
    pure = [one.row_no for one in here if _PURE.fullmatch(one.label)]
    whole = [one.row_no for one in here if not _PARTIAL.search(one.label)]
    return (pure or whole or [0])[-1]


def _compare(
    kind: Kind, totals: Totals, stated: Stated, name: str, less: Mapping[str, Sums]
) -> Total:
    """A stated figure against all sums that it may be meant to be."""
    figure = stated.figures[name]
    meant = [name]
    if name == ROWS and stated.cartons:
        meant += [one for one in ADDING.get(kind.name, ()) if _unit(kind, one) == "条"]
    for one in meant:
        for without, sums in {"": {}, **less}.items():
            for whole in _wholes(totals, stated, one):
                added = whole - sums.get(one, 0.0)
                if figure.agrees(added):
                    return _total(kind, totals, stated, (name, one), added, without)
    return _total(kind, totals, stated, (name, name), None, "")


def _wholes(totals: Totals, stated: Stated, name: str) -> list[float]:
    """Sums that a grand total may be meant to be: of the sheet, of the file, of what is above."""
    sums = [totals.sheet_sum(stated.sheet, name), totals.sums[name]]
    if stated.label and name in stated.before:
        sums.append(stated.before[name])
        earlier = [one for one in totals.stated if one.label and one.row_no < stated.row_no]
        if earlier:  # several exports, one below the other
            sums.append(stated.before[name] - earlier[-1].before[name])
    return sums


def _total(
    kind: Kind,
    totals: Totals,
    stated: Stated,
    names: tuple[str, str],
    agreed: float | None,
    without: str,
) -> Total:
    """The result for the figure stated as names[0], understood as names[1]."""
    added = totals.sheet_sum(stated.sheet, names[1]) if agreed is None else agreed
    return Total(
        row_no=stated.row_no,
        column=_title(kind, names[1]),
        unit=_unit(kind, names[1]),
        stated=stated.figures[names[0]].value,
        added=round(added, 6),
        agrees=agreed is not None,
        without=without,
        rejected=round(totals.rejected[names[1]], 6),
    )


def _title(kind: Kind, name: str) -> str:
    return "行数" if name == ROWS else kind.column(name).title


def _unit(kind: Kind, name: str) -> str:
    if name == ROWS:
        return "行"
    return "元" if kind.column(name).type is Type.MONEY else "条"


def _compare_parts(
    kind: Kind, totals: Totals, parts: Sequence[Stated], name: str, doubt: Doubt
) -> int:
    """Subtotals of a column against the rows below any total above them; how many there are."""
    told = [one for one in parts if name in one.figures]
    for at, stated in enumerate(told):
        above = [one.before[name] for one in told[max(at - LOOK_BACK, 0) : at]]
        starts = [totals.sums_before(stated.sheet, name), *above]
        figure = stated.figures[name]
        if not any(figure.agrees(stated.before[name] - start) for start in starts):
            last = starts[-1]
            reason = f"小计与其上各行相加的 {written(stated.before[name] - last)} {_unit(kind, name)}不符"
            doubt(stated.row_no, kind.column(name).title, written(figure.value), reason)
    return len(told)


def difference(total: Total) -> str:
    """订购量相差 20 条"""
    apart = abs(total.stated - total.added)
    return f"{total.column}相差 {written(apart)} {total.unit}"


def written(number: float) -> str:
    """1234.5 as 1,234.5: at most three decimals, none that are nothing."""
    text = f"{number:,.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
