import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts.walls import ALL, open_walls
from alerts.actions.rules import policy_in
from alerts.detectors import all_detectors
from alerts.grading import Candidate, History
from alerts.models import Hit, Sighting

HEADER = (
    "retailer_id", "date", "alert_type", "family", "grade", "score", "pushed",
    "object_type", "object_id", "reason",
)  # fmt: skip


class Command(BaseCommand):
    help = "导出预警：每个上榜的对象、日期一行（pushed=1），只在台账中的规则命中 pushed=0。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="文件.csv")
        parser.add_argument("--from", type=dt.date.fromisoformat, metavar="日期", dest="first")
        parser.add_argument("--to", type=dt.date.fromisoformat, metavar="日期", dest="last")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        first = options["first"] or dt.date.min
        last = options["last"] or dt.date.max
        written: set[tuple[str, ...]] = set()
        path: Path = options["file"]
        with path.open("w", encoding="utf-8", newline="") as file, transaction.atomic():
            open_walls(ALL)
            out = csv.writer(file)
            out.writerow(HEADER)
            for row in _rows(first, last):
                key = (row[7], row[8], row[1], row[2])  # one row an object, day and type
                if key not in written:
                    written.add(key)
                    out.writerow(row)
        self.stdout.write(f"已写入 {path}：{len(written)} 行")


def _rows(first: dt.date, last: dt.date) -> Iterator[tuple[str, ...]]:
    """Pushed rows before those of the ledger, each by day.

    What goes on within the cool-down, with nothing graver or new, is part of the alert that was
    pushed, and no row of its own; a statutory hit of that day still is one.
    """
    families = {kind.key: kind.family for kind in all_detectors()}
    listed = Sighting.objects.listed_by_nights().filter(on__lte=last)
    listed = listed.select_related("alert__bureau", "alert__rule_version")
    told = History()
    for one in listed.order_by("on", "-score", "pk").iterator():
        alert = one.alert
        key = (alert.bureau.code, alert.subject_kind, alert.subject_id, alert.audience)
        candidate = Candidate(key, one.score, one.families, "", "")
        policy = policy_in(alert.rule_version)
        goes_on = one.on > alert.on and told.cools(candidate, on=one.on, policy=policy)
        told.note(key, one.on, one.score, one.families)
        if one.on >= first and not goes_on:
            yield _row((alert.subject_kind, alert.subject_id), one, one.family, pushed=True)
    for hit in Hit.objects.filter(on__range=(first, last)).order_by("on", "pk").iterator():
        family = families.get(hit.detector, "")
        yield _row((hit.subject_kind, hit.subject_id), hit, family, pushed=False)


def _row(
    subject: tuple[str, str], one: Sighting | Hit, family: str, *, pushed: bool
) -> tuple[str, ...]:
    kind, code = subject
    retailer = code if kind == "retailer" else ""
    flag = "1" if pushed else "0"
    return (
        retailer, one.on.isoformat(), one.detector, family, one.grade, f"{one.score:.4f}", flag,
        kind, code, one.sentence,
    )  # fmt: skip
