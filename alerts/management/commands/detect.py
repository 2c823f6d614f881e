import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import Bureau
from accounts.walls import ALL, open_walls
from alerts.actions import nights, starting
from sources.facts import Facts

ONE_DAY = dt.timedelta(days=1)


class Command(BaseCommand):
    help = "检测一个或多个订货日：逐日运行，每日只用当日结束前的数据；重复运行无害。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", type=dt.date.fromisoformat, metavar="日期")
        parser.add_argument("--from", type=dt.date.fromisoformat, metavar="日期", dest="first")
        parser.add_argument("--to", type=dt.date.fromisoformat, metavar="日期", dest="last")
        parser.add_argument(
            "--bureau", metavar="机构编码", help="只检测该市；给县局编码时检测其所在市"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        first, last = _span(options)
        with transaction.atomic():
            open_walls(ALL)
            cities = _cities(options["bureau"])
        for city in cities:
            with _replay(city, first, last) as known:
                for on in _days(first, last):
                    self.stdout.write(_run(city, on, known(on)))


def _span(options: dict[str, Any]) -> tuple[dt.date, dt.date]:
    first, last = options["first"] or options["on"], options["last"] or options["on"]
    if (options["on"] is None) == (options["first"] is None) or first is None or last is None:
        raise CommandError("请给出 --on 日期，或 --from 日期 --to 日期。")
    if last < first:
        raise CommandError("结束日期早于开始日期。")
    return first, last


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for number in range((last - first).days + 1):
        yield first + number * ONE_DAY


def _cities(code: str | None) -> list[Bureau]:
    if code is None:
        return starting.cities()
    bureau = Bureau.objects.select_related("parent").filter(code=code).first()
    if bureau is None:
        raise CommandError(f"没有编码为 {code} 的机构。")
    return [city for city in starting.cities() if city.path.startswith(bureau.city.path)]


@contextlib.contextmanager
def _replay(city: Bureau, first: dt.date, last: dt.date) -> Iterator[Callable[[dt.date], Facts]]:
    """The lake, opened once for all days; the rows that say where are read in the open."""
    with transaction.atomic():
        open_walls(ALL)
        opening = contextlib.ExitStack()
        known = opening.enter_context(nights.replay(city=city, first=first, last=last))
    with opening:
        yield known


def _run(city: Bureau, on: dt.date, known: Facts) -> str:
    """Run one night and say in a line what came of it."""
    begun = time.perf_counter()
    with transaction.atomic():
        open_walls(ALL)
        done = nights.run_night(on=on, city=city, now=timezone.now(), known=known)
        figures = nights.figures(done)
    seconds = time.perf_counter() - begun
    return (
        f"{on} {city.name} 订单 {figures['orders']} 推送 {figures['pushed']} "
        f"并入 {figures['repeated']} 命中 {figures['hits']} {seconds:.1f} 秒"
    )
