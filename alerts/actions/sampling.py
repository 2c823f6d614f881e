"""A few shops without alerts, drawn every week so that anybody can draw them again."""

import datetime as dt
import hashlib
import secrets

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

import audit.actions
from accounts.models import Bureau, User
from alerts.actions.raising import Suspicion, raise_alert
from alerts.models import Alert, Draw, DrawnShop, Grade, Origin
from sources.models import Retailer

SHOPS = 5  # a county and week
FREE = dt.timedelta(weeks=12)  # without an alert for so long
CLOSED = ("停业", "歇业", "注销", "03", "04", "05")


def draw_order(pool: list[str], seed: str) -> list[str]:
    """The pool in the order that the seed gives: by the SHA-256 of seed and code."""
    return sorted(pool, key=lambda code: hashlib.sha256(f"{seed}:{code}".encode()).digest())


def sha256_of(pool: list[str]) -> str:
    return hashlib.sha256("\n".join(pool).encode()).hexdigest()


def is_reproduced(draw: Draw) -> bool | None:
    """Whether the kept pool and seed give the very shops of a draw; None where no pool was kept."""
    if not draw.codes:
        return None
    shops = sorted(draw.shops.all(), key=lambda shop: shop.place)
    again = draw_order(draw.codes, draw.seed)[: len(shops)]
    is_the_pool = sha256_of(draw.codes) == draw.pool_sha256
    return is_the_pool and [shop.retailer_id for shop in shops] == again


@transaction.atomic
def draw_shops(*, county: Bureau, now: dt.datetime) -> Draw:
    """The draw of this week. The seed is not known before, and kept after, the draw."""
    today = timezone.localdate(now)
    monday = today - dt.timedelta(days=today.weekday())
    standing = Draw.objects.filter(bureau=county, week_start=monday).first()
    if standing is not None:
        return standing
    pool = pool_of(county, today)
    seed = f"{county.code}:{monday}:{secrets.token_hex(8)}"
    made = Draw.objects.create(
        bureau=county, week_start=monday, seed=seed, pool=len(pool), pool_sha256=sha256_of(pool),
        codes=pool, made_at=now,
    )  # fmt: skip
    chosen = draw_order(pool, seed)[:SHOPS]
    names = dict(Retailer.objects.filter(code__in=chosen).values_list("code", "name"))
    DrawnShop.objects.bulk_create(
        DrawnShop(draw=made, place=place, retailer_id=code, retailer_name=names[code])
        for place, code in enumerate(chosen, 1)
    )
    audit.actions.record(
        "sample.drawn", subject=f"{county.code}:{monday}", bureau=county.code, by="system",
        seed=seed, pool=len(pool), pool_sha256=made.pool_sha256, shops=chosen,
    )  # fmt: skip
    return made


def pool_of(county: Bureau, today: dt.date) -> list[str]:
    """Codes of the county's open shops that had no alert of late, sorted."""
    lately = Alert.objects.filter(bureau=county, subject_kind="retailer", last_on__gt=today - FREE)
    shops = Retailer.objects.filter(bureau=county).exclude(status__in=CLOSED)
    free = shops.exclude(code__in=lately.values("subject_id"))
    return sorted(free.values_list("code", flat=True))


def draw_all(*, now: dt.datetime) -> None:
    """This week's draw of every county that has shops."""
    for county in Bureau.objects.filter(level=Bureau.Level.COUNTY):
        if Retailer.objects.filter(bureau=county).exists():
            draw_shops(county=county, now=now)


@transaction.atomic
def note_result(*, shop: DrawnShop, result: str, note: str, by: User, now: dt.datetime) -> None:
    """What somebody found at a drawn shop; a doubt becomes an alert. The first answer stands."""
    shop = (
        DrawnShop.objects.select_for_update(of=("self",))
        .select_related("draw__bureau__parent", "by")
        .get(pk=shop.pk)
    )
    if shop.result in (DrawnShop.Result.NORMAL, DrawnShop.Result.DOUBT):
        raise ValidationError(f"{shop.by}已登记结果，未作改动。")
    if result not in DrawnShop.Result.values:
        raise ValidationError("请选择核实结果。")
    if not note.strip():
        raise ValidationError("请写明向谁核实、看到什么。")
    shop.result, shop.note, shop.by, shop.at = result, note.strip()[:500], by, now
    if result == DrawnShop.Result.DOUBT:
        shop.alert = _alert_of(shop, by=by, now=now)
    shop.save()
    audit.actions.record(
        "sample.checked", subject=f"{shop.draw.bureau.code}:{shop.draw.week_start}",
        bureau=shop.draw.bureau.code, by=by.code, shop=shop.retailer_id, result=result,
    )  # fmt: skip


def _alert_of(shop: DrawnShop, *, by: User, now: dt.datetime) -> Alert:
    known = Retailer.objects.get(code=shop.retailer_id)
    suspicion = Suspicion(
        origin=Origin.PERSON,
        family="PATTERN",
        grade=Grade.YELLOW,
        sentence=f"随机抽查发现疑点：{shop.note}",
        subject_kind="retailer",
        subject_id=known.code,
        subject_name=known.name,
        licence_no=known.licence_no,
        route=known.route,
    )
    return raise_alert(suspicion=suspicion, bureau=shop.draw.bureau, by=by, now=now)[0]
