import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.licensing import SUSPENDED, held
from alerts.wording import date
from sources.facts import Facts

SHUT = ("未营业", "关门", "停业", "歇业", "无人")


@dataclass(frozen=True, kw_only=True)
class ClosedMonth(Detector):
    key = "closed_month"
    code = "LIC-07"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "visits.retailer_id", "visits.day", "visits.shop_open", "visits.bureau",
        "visits.batch_id", "visits.row_no", "deliveries.retailer_id", "deliveries.day",
        "deliveries.exception", "deliveries.bureau", "deliveries.batch_id", "deliveries.row_no",
        "orders.day", "orders.bureau", "retailers.retailer_id", "retailers.licence_no",
        "licences.licence_no", "licences.retailer_id", "licences.status",
    )  # fmt: skip
    optional = (
        "deliveries.retailer_id", "deliveries.day", "deliveries.exception",
        "retailers.licence_no", "licences.licence_no", "licences.retailer_id", "licences.status",
    )  # fmt: skip

    title = "关门超过一个月未办停业"
    looks_for = (
        "检查和送货一再见到店门关着，前后超过一个月，其间没有见到开门，许可证也没有停业登记。"
    )
    why_it_matters = "停业超过一个月应当申请；不申请的证可能由别人占用订货资格。"
    innocent_causes = "几次都赶在午休、赶集、夜市店白天；停业申请已受理尚未登记；经营者住院。"
    next_steps = (
        "一、换时段再查一次，联系经营者问明是否停业；"
        "二、确已停业的，转许可证岗办理停业或收回，同时核对其间的订单由谁签收。"
    )
    deviation = "关门{:.0f}天"

    days: int = param(
        31,
        help="头尾两次相隔达到（含）",
        unit="天",
        low=7,
        high=180,
        source="许可证管理办法（停业一个月以上）",
    )
    times: int = param(2, help="见到关门达到（含）", unit="次", low=2, high=20, source="本系统设定")
    rarity: float = param(2.5, help="罕见程度按", unit="lg", low=0, high=6, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        seen = with_news(self._seen(facts, on), facts.orders, on)
        opened = seen.filter(_.shop_open).group_by("retailer_id").agg(opened=_.day.max())
        shut = seen.filter(~_.shop_open).left_join(opened, "retailer_id").drop("retailer_id_right")
        since = shut.filter(ibis.coalesce(_.day > _.opened, True))
        spans = since.group_by("retailer_id").agg(
            first=_.day.min(), last=_.day.max(), times=_.day.nunique(), is_new=_.is_new.any()
        )
        reported = held(facts).filter(ibis.coalesce(_.status, "").isin(list(SUSPENDED)))
        long = spans.filter(
            _.is_new, _.times >= self.times, _["last"].delta(_["first"], unit="day") >= self.days
        )
        return long.anti_join(reported, "retailer_id").select(
            "first", "last", "times", subject_id=_.retailer_id, surprise=ibis.literal(self.rarity)
        )

    def _seen(self, facts: Facts, on: dt.date) -> ir.Table:
        """What visits and deliveries of the half year saw of the shops' doors."""
        start = on - dt.timedelta(weeks=26)
        visits = facts.visits.filter(_.day > start, _.day <= on, _.shop_open.notnull())
        text = ibis.coalesce(_.exception, "")
        shut = text.contains(SHUT[0])
        for word in SHUT[1:]:
            shut = shut | text.contains(word)
        turned = facts.deliveries.filter(_.day > start, _.day <= on).filter(shut)
        columns = ("bureau", "retailer_id", "day", "shop_open", "batch_id", "row_no")
        parts = (
            visits.select(*columns).mutate(source=ibis.literal("visits")),
            turned.mutate(shop_open=False)
            .select(*columns)
            .mutate(source=ibis.literal("deliveries")),
        )
        return ibis.union(*parts)

    def size(self, row: Mapping[str, Any]) -> float:
        return float((row["last"] - row["first"]).days)

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"{date(row['first'])}至{date(row['last'])}检查和送货{row['times']}天见到店门关着，"
            f"其间没有见到开门，许可证没有停业登记。"
        )

    def floor(self, row: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Someone has to see to the licence; that the door was shut says little of the shop's trade."""
        return "蓝"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        seen = self._seen(facts, on).join(wanted, "retailer_id")
        parts = [
            rows_of(seen.filter(_.source == name).drop("source"), name, "day", "shop_open")
            for name in ("visits", "deliveries")
        ]
        return stacked(*parts)
