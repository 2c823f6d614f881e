import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons, date
from sources.facts import Facts

FEW, MANY = 7, 28  # days of the till that are looked at, and before them


@dataclass(frozen=True, kw_only=True)
class TillOdd(Detector):
    """Tills that fall silent, or leap. Days of stock are not computed: that needs a first count of
    the stock, which no import brings; the leap on one day stands for goods sold off at once."""

    key = "till_odd"
    code = "CMP-04"
    family = "CMP"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "pos_sales.retailer_id", "pos_sales.day", "pos_sales.qty", "pos_sales.bureau",
        "pos_sales.batch_id", "pos_sales.row_no", "orders.retailer_id", "orders.day",
        "orders.qty", "orders.order_id", "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip

    title = "终端扫码与订货对不上"
    looks_for = "平时用扫码枪销售的户照常订货，却一周没有扫码、一周只有一天扫码，或某天销量是前七天平均的数倍。"
    why_it_matters = "订了货却看不到卖出去，或一天突然卖空，货可能没有在店里零售。"
    innocent_causes = "扫码设备或网络故障；店主外出歇业；宴席一次购买；集中补录。"
    next_steps = "一、电话了解设备是否正常、货卖给了谁；二、三日内到店核对库存与扫码记录。"
    deviation = "涉及{:.0f}条"

    usual_days: int = param(
        12,
        help="此前四周至少有几天扫码才算平时使用",
        unit="天",
        low=4,
        high=28,
        source="本系统设定",
    )
    least: float = param(
        20, help="当日订货或单日销量达到（含）", unit="条", low=1, high=500, source="domain §4.9"
    )
    times: float = param(
        5, help="单日为前七天平均的超过", unit="倍", low=2, high=50, source="domain §4.9"
    )
    scanned: int = param(1, help="一周扫码不超过", unit="天", low=0, high=3, source="domain §4.9")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that ordered today; surprise by how many of the shops with a till are told."""
        daily = self._daily(facts, on)
        since = on - dt.timedelta(days=FEW)
        week = daily.group_by("retailer_id").agg(
            before=_.day.nunique(where=_.day <= since),
            scanned=_.day.nunique(where=_.day > since),
            last=_.day.max(),
        )
        peaks = self._peaks(daily, since)
        today = facts.orders.filter(_.day == on).group_by("bureau", "retailer_id")
        told = today.agg(ordered=_.qty.sum()).join(week, "retailer_id")
        told = told.left_join(peaks, "retailer_id").drop("retailer_id_right")
        told = told.filter(_.before >= self.usual_days)
        quiet = (_.scanned <= self.scanned) & (_.ordered >= self.least)
        told = told.mutate(
            quiet=ibis.coalesce(quiet, False), times=ibis.coalesce(_.times, 0.0),
            peak=ibis.coalesce(_.peak, 0.0),
        )  # fmt: skip
        told = told.mutate(is_odd=_.quiet | (_.times > self.times))
        rates = told.group_by("bureau").agg(tills=_.count(), odd=_.is_odd.cast("int64").sum())
        found = told.filter(_.is_odd).join(rates, "bureau")
        rate = (_.odd + 1) / (_.tills + 1)
        return found.select(
            "ordered", "before", "scanned", "last", "quiet", "peak", "peak_on", "times",
            subject_id=_.retailer_id, surprise=-ibis.least(rate, 1.0).log10(),
        )  # fmt: skip

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["ordered"] if row["quiet"] else row["peak"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        if row["quiet"]:
            seen = f"只有{row['scanned']}天" if row["scanned"] else "没有一天"
            return (
                f"本户此前四周有{row['before']}天扫码销售，近7天{seen}扫码"
                f"（最后{date(row['last'])}），当日仍订{cartons(row['ordered'])}。"
            )
        return (
            f"本户{date(row['peak_on'])}扫码销售{cartons(row['peak'])}，"
            f"为此前7天平均的{row['times']:.1f}倍。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        till = facts.pos_sales.filter(_.day > on - dt.timedelta(days=FEW + MANY), _.day <= on)
        today = facts.orders.filter(_.day == on)
        return stacked(
            rows_of(till.join(wanted, "retailer_id"), "pos_sales", "day", "qty"),
            rows_of(today.join(wanted, "retailer_id"), "orders", "day", "order_id", "qty"),
        )

    def _daily(self, facts: Facts, on: dt.date) -> ir.Table:
        till = facts.pos_sales.filter(_.day > on - dt.timedelta(days=FEW + MANY), _.day <= on)
        return till.filter(_.qty > 0).group_by("retailer_id", "day").agg(sold=_.qty.sum())

    def _peaks(self, daily: ir.Table, since: dt.date) -> ir.Table:
        """retailer_id: the day of the week with most, against the mean of the seven days before it."""
        late = daily.filter(_.day > since).select("retailer_id", peak_on="day", peak="sold")
        pairs = late.filter(_.peak >= self.least).join(daily, "retailer_id")
        near = pairs.filter(_.day < _.peak_on, _.day >= _.peak_on - ibis.interval(days=FEW))
        means = near.group_by("retailer_id", "peak_on", "peak").agg(mean=_.sold.sum() / float(FEW))
        times = means.mutate(times=_.peak / ibis.greatest(_.mean, 1.0))
        return times.group_by("retailer_id").agg(
            peak_on=_.peak_on.argmax(_.times), peak=_.peak.argmax(_.times), times=_.times.max()
        )
