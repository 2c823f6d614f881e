"""Queries of many days compiled once: their SQL is kept, and the dates in it are set anew.

A query is made from a `Day`, a date that remembers how other dates follow from it and what was asked
of it (a weekday, say). For another day of which the same would have been answered, the same SQL holds
with the dates that follow from that day. The first time, it is compared with what the query really
compiles to; where that differs, nothing is kept.
"""

import datetime as dt
import re
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Self

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb.converter import DuckDBPyArrowData

Row = dict[str, Any]
Steps = tuple[tuple[str, Any], ...]  # how a date follows from the day
Question = tuple[Steps, str, tuple[Any, ...]]

DATE = re.compile(r"MAKE_DATE\((\d+), (\d+), (\d+)\)")


def follow(steps: Steps, on: dt.date) -> dt.date:
    """The date that follows from a day by these steps. Raises ValueError where there is none."""
    for name, value in steps:
        on = on + dt.timedelta(days=value) if name == "shift" else on.replace(**dict(value))
    return on


@dataclass
class Notes:
    """What was made of a day, and asked of it."""

    made: dict[dt.date, set[Steps]] = field(default_factory=dict)
    asked: dict[Question, Any] = field(default_factory=dict)


class Day(dt.date):
    """A date that notes what becomes of it."""

    steps: Steps
    notes: Notes

    @classmethod
    def of(cls, on: dt.date, steps: Steps, notes: Notes) -> Self:
        day = cls.__new__(cls, on.year, on.month, on.day)
        day.steps, day.notes = steps, notes
        notes.made.setdefault(day.plain, set()).add(steps)
        return day

    @property
    def plain(self) -> dt.date:
        return dt.date.fromordinal(dt.date.toordinal(self))

    def __hash__(self) -> int:
        return dt.date.__hash__(self)

    def __eq__(self, other: object) -> bool:
        return dt.date.__eq__(self, other)

    def __add__(self, delta: dt.timedelta) -> "Day":
        steps = self.steps
        days = delta.days
        if steps and steps[-1][0] == "shift":
            steps, days = steps[:-1], days + steps[-1][1]
        if days:
            steps = (*steps, ("shift", days))
        return Day.of(self.plain + delta, steps, self.notes)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, dt.timedelta):
            return self + -other
        return self._answer("__sub__", other)

    def replace(self, *args: Any, **changes: Any) -> Any:
        if args:
            return self._answer("replace", *args)
        steps = (*self.steps, ("replace", tuple(sorted(changes.items()))))
        return Day.of(self.plain.replace(**changes), steps, self.notes)

    def _answer(self, name: str, *args: Any) -> Any:
        value = getattr(self.plain, name)
        if callable(value):
            value = value(*(one.plain if isinstance(one, Day) else one for one in args))
        if not sys._getframe(2).f_globals["__name__"].startswith("ibis"):  # a literal is made of it
            self.notes.asked[self.steps, name, args] = value
        return value


def _asking(name: str) -> Any:
    def ask(self: Day, *args: Any) -> Any:
        return self._answer(name, *args)

    return ask


for _name in (
    "weekday", "isoweekday", "isocalendar", "isoformat", "strftime", "toordinal", "timetuple",
    "ctime", "__format__", "__str__", "__lt__", "__le__", "__gt__", "__ge__", "__rsub__",
):  # fmt: skip
    setattr(Day, _name, _asking(_name))
for _name in ("year", "month", "day"):
    setattr(Day, _name, property(_asking(_name)))


@dataclass
class Plan:
    """The SQL of a query with its dates cut out, and what must hold of a day to use it."""

    query: ir.Table  # keeps its small tables alive, and knows the types of the rows
    pieces: list[str]
    dates: list[Steps | dt.date]
    asked: dict[Question, Any]
    is_proven: bool = False

    def holds(self, on: dt.date) -> bool:
        """Whether the day answers as the plan's own did."""
        try:
            return all(
                _asked_again(question, on) == value for question, value in self.asked.items()
            )
        except ValueError:
            return False

    def sql(self, on: dt.date) -> str:
        """The query's SQL for a day."""
        parts = [self.pieces[0]]
        for date, piece in zip(self.dates, self.pieces[1:], strict=True):
            date = follow(date, on) if isinstance(date, tuple) else date
            parts += [f"MAKE_DATE({date.year}, {date.month}, {date.day})", piece]
        return "".join(parts)


def _asked_again(question: Question, on: dt.date) -> Any:
    steps, name, args = question
    value = getattr(follow(steps, on), name)
    then = (follow(one.steps, on) if isinstance(one, Day) else one for one in args)
    return value(*then) if callable(value) else value


class Prepared:
    """The plans of one connection, by whatever tells queries apart."""

    def __init__(self, backend: ibis.BaseBackend) -> None:
        self._backend = backend
        self._plans: dict[Hashable, list[Plan]] = {}
        self._hopeless: set[Hashable] = set()

    def rows(self, key: Hashable, query: Callable[[dt.date], ir.Table], on: dt.date) -> list[Row]:
        """The rows of query(on). `key`: the same for queries that differ by the day alone."""
        plans = self._plans.setdefault(key, [])
        plan = next((one for one in plans if one.holds(on)), None)
        if plan is not None and plan.is_proven:
            return self._run(plan.sql(on), plan.query)
        notes = Notes()
        table = query(Day.of(on, (), notes))
        sql = self._compiled(table)
        if plan is not None:
            plan.is_proven = plan.sql(on) == sql
            if not plan.is_proven:
                plans.remove(plan)
                self._hopeless.add(key)
        elif key not in self._hopeless:
            made = _plan(table, sql, notes)
            if made is not None:
                plans.append(made)
        return self._run(sql, table)

    def _compiled(self, table: ir.Table) -> str:
        self._backend._run_pre_execute_hooks(table)
        sql: str = self._backend.compile(table)
        return sql

    def _run(self, sql: str, table: ir.Table) -> list[Row]:
        found = self._backend.con.sql(sql).to_arrow_table()
        told: list[Row] = table.__pyarrow_result__(found, data_mapper=DuckDBPyArrowData).to_pylist()
        return told


def _plan(table: ir.Table, sql: str, notes: Notes) -> Plan | None:
    """None where a date may follow from the day in two ways."""
    pieces = DATE.split(sql)
    dates: list[Steps | dt.date] = []
    for year, month, day in zip(pieces[1::4], pieces[2::4], pieces[3::4], strict=True):
        date = dt.date(int(year), int(month), int(day))
        ways = notes.made.get(date, set())
        if len(ways) > 1:
            return None
        dates.append(next(iter(ways)) if ways else date)
    return Plan(table, pieces[::4], dates, notes.asked)
