import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.clusters import month_ends, weekday_of
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class CountyPush(Detector):
    key = "county_push"
    code = "INT-09"
    family = "INT"
    scope = "bureau"
    subject = "bureau"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no", "calendar.week_start", "calendar.orders_suspended",
    )  # fmt: skip
    optional = ("calendar.week_start", "calendar.orders_suspended")

    title = "全县月末集中冲量"
    looks_for = "一个县当月三成半以上的销量集中在最后三个订货日，而且远高于此前八周同样几天。"
    why_it_matters = "全县月末冲量多是为完成任务，货压到店里就容易往外走。"
    innocent_causes = "节日前备货；月初停止订货后补订；当月只剩几个订货日；访销日调整到月末。"
    next_steps = (
        "一、由市局对照该县当月任务进度和上月同期，找出月末增量最大的线路和规格；"
        "二、电话抽问十户以上是否自愿，下月初核对库存。"
    )
    deviation = "最后几个订货日销量为平时的{:.1f}倍"
    measure = "times"

    days: int = param(
        3, help="月末最后几个订货日（停订周不计）", unit="天", low=1, high=10,
        source="domain §4.8（设计）",
    )  # fmt: skip
    share: float = param(
        0.35, help="占全月销量超过", unit="比例", low=0.1, high=1, source="domain §4.8（设计）"
    )
    times: float = param(
        1.5, help="达到前8周同样星期几平均的（含）", unit="倍", low=1, high=10, source="本系统设定"
    )
    least: float = param(
        2000, help="月末销量达到（含）", unit="条", low=1, high=1000000, source="本系统设定"
    )
    rarity: float = param(
        3.7, help="冲量的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a bureau, on its last order day of the month: weekdays against their like."""
        daily = self._orders(facts, on).group_by("bureau", "since", "day").agg(qty=_.qty.sum())
        daily = daily.mutate(weekday=weekday_of(_.day))
        past = daily.filter(_.day < _.since).group_by("bureau", "weekday")
        past = past.agg(usual=_.qty.sum() / 8.0)
        month = daily.filter(_.day >= on.replace(day=1)).group_by("bureau").agg(month=_.qty.sum())
        last = daily.filter(_.day >= _.since).left_join(past, ["bureau", "weekday"])
        sums = last.group_by("bureau").agg(qty=_.qty.sum(), usual=_.usual.sum())
        told = sums.join(month, "bureau").mutate(share=_.qty / _.month.nullif(0))
        return told.filter(
            _.qty >= self.least, _.share > self.share, _.qty >= _.usual * self.times
        ).select(
            "bureau", "qty", "month", "share", "usual",
            subject_id=_.bureau, times=_.qty / _.usual.nullif(0),
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"全县当月售{cartons(row['month'])}，最后{self.days}个订货日售{cartons(row['qty'])}，"
            f"占{row['share']:.0%}；前8周同样几天平均{cartons(row['usual'])}，为{row['times']:.1f}倍。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", bureau="subject_id")
        mine = self._orders(facts, on).filter(_.day >= _.since).join(wanted, "bureau")
        return stacked(rows_of(mine, "orders", "day", "order_id", "retailer_id", "qty"), by="qty")

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def _orders(self, facts: Facts, on: dt.date) -> ir.Table:
        """The orders of the eight weeks before the last days, and theirs; none on other days."""
        orders = facts.orders.filter(_.day > on - dt.timedelta(weeks=13), _.day <= on, _.qty > 0)
        orders = orders.join(month_ends(facts, on, self.days), "bureau")
        return orders.filter(_.day >= _.since - ibis.interval(days=56))
