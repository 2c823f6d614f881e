import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts import evidence, rates, wording
from alerts.detection import Detector, param
from alerts.trails import MEMORY
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class CycleOff(Detector):
    key = "cycle_off"
    code = "BEH-08R"
    family = "CYCLE"
    scope = "bureau"
    subject = "retailer"
    weight = 0.4
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.week_start", "orders.qty",
        "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.order_day",
    )  # fmt: skip
    optional = ("retailers.order_day",)

    title = "周期外订货或一周多次订货"
    looks_for = "一周内再次订货，或不在本访销日订货而同访销日的其他户并未改期，且比一般户频繁。"
    why_it_matters = "周期外的订单多靠人工开口子，常被用来追加紧俏货源或替他人下单。"
    innocent_causes = (
        "节假日全县改期；送货线路调整；扣款失败后补订；双周订货户换周；应急补货有审批。"
    )
    next_steps = (
        "一、两日内调取周期外订单的审批单与操作人；"
        "二、两日内电话询访持证人，问清谁下的单、为何改日；"
        "三、比对近8次订单的品牌与当期投放公告。"
    )
    deviation = "近几次订货{:.0%}不在周期内"

    few: float = param(
        0.12, help="同访销日户当日订货不到此比例即算改日", unit="比例", low=0.01, high=0.5,
        source="本系统回测",
    )  # fmt: skip
    cohort: int = param(
        10, help="同访销日户少于此数不评改日", unit="户", low=3, high=100, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop whose order of the day is out of its cycle: surprise, trials and count."""
        events = self._events(facts, on)
        told = rates.bursts(events, on)
        more = rates.bursts(events.mutate(hit=_.again), on)
        more = more.select(
            "retailer_id", again_trials="trials", again_count="count", again_surprise="surprise"
        )
        both = told.left_join(more, "retailer_id").drop("retailer_id_right")
        both = both.mutate(
            again=(_.again_surprise >= _.surprise).ifelse(
                ibis.literal(value=True), ibis.literal(value=False)
            )
        )
        return both.select(
            "again",
            subject_id=_.retailer_id,
            surprise=_.again.ifelse(_.again_surprise, _.surprise),
            trials=_.again.ifelse(_.again_trials, _.trials),
            off=_.again.ifelse(_.again_count, _["count"]),
        ).filter(_.surprise >= 1)

    def _events(self, facts: Facts, on: dt.date) -> ir.Table:
        """With is_new, again (a second order of the week) and hit (that, or on another day)."""
        recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=MEMORY), _.day <= on)
        first = recent.group_by("retailer_id", "week_start").agg(first=_.day.min())
        shops = facts.retailers.select("retailer_id", "order_day")
        orders = recent.join(first, ["retailer_id", "week_start"]).left_join(shops, "retailer_id")
        known = orders.filter(_.order_day.notnull())
        size = known.group_by("bureau", "order_day").agg(size=_.retailer_id.nunique())
        same = known.group_by("bureau", "order_day", "day").agg(same=_.retailer_id.nunique())
        orders = orders.left_join(size, ["bureau", "order_day"]).drop(
            "bureau_right", "order_day_right"
        )
        orders = orders.left_join(same, ["bureau", "order_day", "day"])
        away = (_.size >= self.cohort) & (_.same < _.size * self.few)
        return orders.select(
            "bureau",
            "retailer_id",
            "day",
            "order_id",
            is_new=_.day == on,
            again=_.day > _["first"],
            hit=(_.day > _["first"])
            | away.ifelse(ibis.literal(value=True), ibis.literal(value=False)),
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["off"] / row["trials"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        what = "一周内第二次订货" if row["again"] else "本次订货不在周期内，同访销日的户没有改期"
        count = "一周多订" if row["again"] else "周期之外"
        return (
            f"{what}；最近{row['trials']}次订货中有{row['off']}次{count}，"
            f"在本县订货户中{wording.rarity(row['surprise'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=9), _.day <= on)
        wanted = found.select("subject_id")
        mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
        return evidence.stacked(evidence.rows_of(mine, "orders", "order_id", "day", "qty"))
