"""Demo bureaus, log-ins and sample county, up to yesterday. A second start only adds what is missing."""

import datetime as dt
import json
import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.actions import assign_role, create_bureau, create_user, set_certificate
from accounts.models import Bureau, User
from accounts.permissions import Role
from accounts.walls import ALL, open_walls
from alerts.models import Night
from neiguan.demo_people import BUREAUS, DEMO_PASSWORD, MAIN, POSTS, Post
from sources.models import Retailer
from sources.sample import county as sample
from sources.sample.masters import CITY, PLACES

BY = "system"
NIGHT_WEEKS = 3
DAY = dt.timedelta(days=1)
CERTIFIED = {  # who carries an enforcement certificate, and for how long
    Role.COUNTY_SUPERVISOR, Role.COUNTY_LEAD, Role.MONOPOLY_LIAISON, Role.CITY_SUPERVISOR,
    Role.CITY_LEAD,
}  # fmt: skip
CERTIFIED_FOR = 730 * DAY


class Command(BaseCommand):
    """Make the demo, or bring it up to yesterday."""

    help = "建立演示机构、账号与样本县，补齐到昨天（可重复运行）"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--weeks", type=int, default=sample.WEEKS, help="样本数据的周数")
        parser.add_argument("--nights", type=int, default=7 * NIGHT_WEEKS, help="补跑检测的天数")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("演示账号的口令是公开的，生产模式（DEBUG=0）下不能建立。")
        began = time.monotonic()
        today = timezone.localdate()
        make_bureaus()
        make_people(today=today)
        self.bring_data(until=today - DAY, weeks=options["weeks"])
        self.run_nights(until=today - DAY, nights=options["nights"])
        self.announce(time.monotonic() - began)

    def bring_data(self, *, until: dt.date, weeks: int) -> None:
        """Generate the files of the days that are missing and import them as users would."""
        diary = Diary(Path(settings.VAR) / "sample")
        if not has_sample():
            diary.forget()
        anchor = diary.anchor or until
        since = diary.until + DAY if diary.until else sample.first_day(until, weeks)
        if since > until:
            return
        self.say(f"样本县数据 {since} 至 {until} ……")
        if diary.until is None:
            diary.write(anchor=anchor, until=None)
        write = sample.write_days if diary.until else sample.write_county
        for place in PLACES:  # each county hands in its own files
            folder = diary.folder / place.code
            shutil.rmtree(folder, ignore_errors=True)
            write(folder, since=since, until=until, anchor=anchor, places=(place,))
            call_command("import_data", str(folder), bureau=place.code, stdout=self.stdout)
            shutil.rmtree(folder)  # the import keeps the originals
        diary.write(anchor=anchor, until=until)

    def run_nights(self, *, until: dt.date, nights: int) -> None:
        """Detection for the last nights, without those that have run."""
        since = until - dt.timedelta(days=nights - 1)
        done = last_night()
        if done:
            since = max(since, done + DAY)
        if since > until:
            return
        self.say(f"检测 {since} 至 {until} ……")
        words = ("--from", f"{since}", "--to", f"{until}", "--bureau", CITY)
        call_command("detect", *words, stdout=self.stdout)

    def announce(self, seconds: float) -> None:
        """Who may log in, and that everybody knows the password."""
        self.say(f"演示环境就绪（{seconds:.0f} 秒）。零售户、订单和人员均为虚构。")
        self.say(f"演示账号（口令都是 {DEMO_PASSWORD}，公开，只可用于本机演示）：")
        names = {code: name for code, name, *_ in BUREAUS}
        for post in POSTS:
            self.say(f"  {post.username:<12} {post.role.label} {post.name} {names[post.bureau]}")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class Diary:
    """What the demo has done so far: `sample.json` beside the truth about the stories.

    The anchor is fixed before the first row is imported, so that a start that was cut off goes on
    with the same stories.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "sample.json"
        self.anchor: dt.date | None = None
        self.until: dt.date | None = None
        if self.path.exists():
            noted = json.loads(self.path.read_text(encoding="utf-8"))
            self.anchor, self.until = (
                dt.date.fromisoformat(noted[key]) if noted[key] else None
                for key in ("anchor", "until")
            )

    def forget(self) -> None:
        """The database has no sample county: begin anew, ending yesterday."""
        self.anchor = self.until = None

    def write(self, *, anchor: dt.date, until: dt.date | None) -> None:
        """Note how far the import came; the file is replaced whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        sample.write_truth(self.folder / "stories.json", anchor=anchor)
        noted = {"anchor": anchor.isoformat(), "until": until.isoformat() if until else None}
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(noted), encoding="utf-8")
        fresh.replace(self.path)
        self.anchor, self.until = anchor, until


@transaction.atomic
def make_bureaus() -> None:
    """The province, the city and its two counties, where they are missing."""
    open_walls(ALL)
    for code, name, above, level in BUREAUS:
        if not Bureau.objects.filter(code=code).exists():
            parent = Bureau.objects.get(code=above) if above else None
            create_bureau(code=code, name=name, parent=parent, level=level, by=BY)


@transaction.atomic
def make_people(*, today: dt.date) -> None:
    """The log-ins of the demo with their roles, where they are missing."""
    open_walls(ALL)
    for post in POSTS:
        make_person(post, today=today)


def make_person(post: Post, *, today: dt.date) -> None:
    """One user; a role that an administrator took back stays taken back."""
    user = User.objects.get_queryset().filter(username=post.username).first()
    if user is None:
        user = create_user(
            username=post.username, name=post.name, password=DEMO_PASSWORD, is_demo=True, by=BY
        )
        bureau = Bureau.objects.get(code=post.bureau)
        assign_role(user=user, bureau=bureau, role=post.role, since=today, by=None)
    if post.role in CERTIFIED and not user.certificate_no:
        number = f"{post.bureau:0<6}{2001 + POSTS.index(post)}"
        set_certificate(user=user, number=number, until=today + CERTIFIED_FOR, by=BY)


@transaction.atomic
def has_sample() -> bool:
    """Whether the database holds shops of the sample county."""
    open_walls(ALL)
    return Retailer.objects.filter(bureau__code=MAIN.code).exists()


@transaction.atomic
def last_night() -> dt.date | None:
    """The latest night that is done in the sample county."""
    open_walls(ALL)
    nights = Night.objects.filter(bureau__code=MAIN.code, state=Night.State.DONE)
    latest: dt.date | None = nights.aggregate(last=Max("on"))["last"]
    return latest
