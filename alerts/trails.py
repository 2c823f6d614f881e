"""What a shop's earlier orders, and a county's earlier weeks, say about the rows of a book. Pure Ibis.

Every panel is made in two ways by one text. At once (`past` is None): the book holds all orders, and
earlier ones are found by windows. A day more (`past` given): the book holds one order day, and
earlier orders are the rows that the nights before kept. Both give the same rows.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import ibis
import ibis.expr.types as ir
from ibis import Deferred, _

MEMORY = 26  # orders, and weeks, that make up what is normal
LONGEST = 48  # orders that the longest trail goes back, and some to spare
REACH = dt.timedelta(weeks=104)  # older orders are not remembered
NEAR = dt.timedelta(weeks=28)  # what sums of weeks look back on
MONDAY = dt.date(1970, 1, 5)


@dataclass(frozen=True)
class Past:
    """A panel's rows as earlier nights kept them.

    rows: those of the last weeks, of all shops; recent: the last orders of the shops that a day's
    night is about, `ago` counting them back from 1; put: computes a table of the day now. The day's
    tables are small and their queries long, so each step is a query of its own.
    """

    rows: ir.Table
    recent: ir.Table
    put: Callable[[ir.Table], ir.Table]

    @classmethod
    def of(
        cls, table: ir.Table, on: dt.date, last: ir.Table, put: Callable[[ir.Table], ir.Table]
    ) -> "Past":
        """The past of a day. table: all kept rows; last: see `last_orders`."""
        near = table.filter(_.day > on - NEAR, _.day < on)
        if "retailer_id" not in table.columns:
            return cls(near, near, put)
        return cls(near, put(table.join(last, ["retailer_id", "day"])), put)


def last_orders(order_days: ir.Table, on: dt.date, shops: ir.Table) -> ir.Table:
    """retailer_id, day, ago: the last orders of these shops (retailer_id) before a day."""
    before = order_days.filter(_.day > on - REACH, _.day < on).semi_join(shops, "retailer_id")
    ago = ibis.row_number().over(group_by="retailer_id", order_by=_.day.desc()) + 1
    return before.select("retailer_id", "day", ago=ago).filter(_.ago <= LONGEST)


@dataclass(frozen=True)
class Span:
    """The order days that panels are made for: after `after` up to `on`.

    past: by panel, the rows of the days up to `after`; then the span is one order day.
    """

    after: dt.date
    on: dt.date
    past: dict[str, Past] = field(default_factory=dict)

    def of(self, facts: ir.Table) -> ir.Table:
        """The rows of a fact table or panel that lie within."""
        return facts.filter(_.day > self.after, _.day <= self.on)

    def back(self, weeks: int) -> "Span":
        """The same days and so many weeks before them."""
        return dataclasses.replace(self, after=self.after - dt.timedelta(weeks=weeks))


@dataclass(frozen=True)
class Trail:
    """A number of a shop's orders from `last` orders ago to `first` orders ago (0: this order)."""

    of: Deferred
    last: int
    first: int
    what: Literal["mean", "count", "newest"]

    def in_window(self) -> Deferred:
        if self.what == "newest":
            return self.of.lag().over(ibis.window(group_by="retailer_id", order_by="day"))
        orders = ibis.window(
            group_by="retailer_id", order_by="day", preceding=(self.last, self.first)
        )
        told = self.of.mean() if self.what == "mean" else self.of.count()
        return told.over(orders)

    def sums(self, name: str) -> dict[str, Deferred]:
        """What is added up of the past: the sum and number of values, or the last one."""
        if self.what == "newest":
            return {name: self.of.max(where=_.ago == 1)}
        there = (_.ago <= self.last) & (_.ago >= self.first)
        return {f"{name}_sum": self.of.sum(where=there), f"{name}_n": self.of.count(where=there)}

    def from_sums(self, name: str) -> Deferred:
        if self.what == "newest":
            return _[name]
        number = ibis.coalesce(_[f"{name}_n"], 0)
        total = ibis.coalesce(_[f"{name}_sum"], 0)
        if self.first == 0:
            number = number + self.of.notnull().cast("int64")
            total = total + ibis.coalesce(self.of, 0)
        return number if self.what == "count" else total / number.nullif(0)


def mean(of: Deferred, last: int = MEMORY, first: int = 1) -> Trail:
    """The mean of the values there are."""
    return Trail(of, last, first, "mean")


def count(of: Deferred, last: int = MEMORY, first: int = 1) -> Trail:
    """How many of these orders have a value."""
    return Trail(of, last, first, "count")


def newest(of: Deferred) -> Trail:
    """The value of the shop's order before this one."""
    return Trail(of, 1, 1, "newest")


def with_trails(book: ir.Table, past: Past | None, **trails: Trail) -> ir.Table:
    """A book with these numbers of each row's shop."""
    if past is None:
        return book.mutate(**{name: trail.in_window() for name, trail in trails.items()})
    sums: dict[str, Deferred] = {}
    for name, trail in trails.items():
        sums |= trail.sums(name)
    kept = past.put(past.recent.group_by("retailer_id").agg(**sums))
    joined = past.put(book).left_join(kept, "retailer_id")
    told = joined.mutate(**{name: trail.from_sums(name) for name, trail in trails.items()})
    return told.select(*book.columns, *trails)


def at_hand(book: ir.Table, past: Past | None) -> ir.Table:
    """A book that is about to be asked twice."""
    return book if past is None else past.put(book)


def so_far(book: ir.Table, past: Past | None, *columns: str) -> ir.Table:
    """These columns of the book's rows and of those before them."""
    mine = book.select(*columns)
    return mine if past is None else ibis.union(past.rows.select(*columns), mine)


def weeks_before(
    rows: ir.Table, by: list[str], *, weeks: int = MEMORY, **sums: Deferred
) -> ir.Table:
    """`by`, week_start and each sum over the weeks before that one, the week itself left out."""
    number = _.week_start.delta(ibis.date(MONDAY), unit="day") // 7
    weekly = rows.group_by(*by, "week_start").agg(**sums).mutate(week=number)
    before = ibis.window(group_by=by, order_by="week", range=(-weeks, -1))
    return weekly.select(*by, "week_start", **{name: _[name].sum().over(before) for name in sums})
