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
from alerts.rates import count_surprise
from sources.facts import Facts

COUNTED = 8  # visits that the tail's table knows


@dataclass(frozen=True, kw_only=True)
class FoundShut(Detector):
    key = "found_shut"
    code = "LIC-07"
    family = "PATTERN"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "visits.retailer_id", "visits.day", "visits.shop_open", "visits.bureau",
        "visits.batch_id", "visits.row_no", "orders.order_id", "orders.retailer_id", "orders.day",
        "orders.qty", "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip

    title = "检查时关门而仍在订货"
    looks_for = "近几周检查时店门关着，同一时期却照常订货的零售户。"
    why_it_matters = "店不开门还在进货，可能已停业而由别人占用订货资格。"
    innocent_causes = "检查时恰好外出、午休或赶集；夜间营业的店；家中红白事短期歇店。"
    next_steps = (
        "一、换一个时段再查一次，看柜台和库存；"
        "二、核对近8周的签收人；确已停业的，转许可证岗办理停业手续。"
    )
    deviation = "检查时关门{:.0f}次"
    measure = "count"

    weeks: int = param(8, help="往前查看", unit="周", low=2, high=26, source="本系统回测")
    orders: int = param(
        3, help="其间订货达到（含）", unit="次", low=1, high=26, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        since = on - dt.timedelta(weeks=self.weeks)
        known = facts.visits.filter(_.day <= on, _.shop_open.notnull())
        recent = known.filter(_.day > since)
        half = known.filter(_.day > on - dt.timedelta(weeks=26))
        usual = half.group_by("bureau").agg(rate=(~_.shop_open).cast("float64").mean())
        place = ibis.row_number().over(
            group_by="retailer_id", order_by=[_.day.desc(), _.batch_id.desc(), _.row_no.desc()]
        )
        seen = (
            with_news(recent, facts.orders, on)
            .mutate(place=place)
            .filter(_.place < COUNTED)
            .group_by("bureau", "retailer_id")
            .agg(trials=_.count(), count=(~_.shop_open).cast("int64").sum(), is_new=_.is_new.any())
            .filter(_["count"] > 0)
        )
        bought = (
            facts.orders.filter(_.day > since, _.day <= on)
            .group_by("retailer_id")
            .agg(times=_.order_id.nunique(), qty=_.qty.sum(), today=(_.day == on).any())
            .filter(_.times >= self.orders)
        )
        met = seen.join(bought, "retailer_id").filter(_.today | _.is_new)
        return count_surprise(met.join(usual, "bureau")).select(
            "trials",
            "count",
            "times",
            "rate",
            subject_id=_.retailer_id,
            qty=ibis.coalesce(_.qty, 0.0),
            surprise=_.log_tail,
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近{self.weeks}周检查{row['trials']}次，有{row['count']}次店门关着"
            f"（全县平常约{row['rate']:.1%}），其间订货{row['times']}次共{row['qty']:.0f}条。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        since = on - dt.timedelta(weeks=self.weeks)
        visits = facts.visits.filter(_.day > since, _.day <= on).join(wanted, "retailer_id")
        orders = facts.orders.filter(_.day > since, _.day <= on).join(wanted, "retailer_id")
        return stacked(
            rows_of(visits, "visits", "day", "shop_open"),
            rows_of(orders, "orders", "day", "order_id", "qty"),
        )
