import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts import evidence, wording
from alerts.detection import Detector, param
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class OverLimit(Detector):
    key = "over_limit"
    code = "INT-03"
    family = "LIMIT"
    scope = "bureau"
    subject = "retailer"
    judges = ("red_from",)
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.limit_qty", "lines.bureau", "lines.batch_id", "lines.row_no",
    )  # fmt: skip

    title = "订货超过公布限量"
    looks_for = "订单中有品牌的数量超过该档位当周公布的限量。"
    why_it_matters = "系统本应拦下超限量订单；放行说明限量被绕过或有人另开口子。"
    innocent_causes = "限量表更新晚于订单；同一周两张订单合并；应急补货有审批；限量表录入错误。"
    next_steps = (
        "一、当日调取该订单的限量公示、审批单与操作日志；"
        "二、两日内向订单部核实放行人和放行理由；"
        "三、有审批的，将审批单附卷。"
    )
    deviation = "超出限量{:.0f}条"

    weeks: int = param(6, help="累计往前查看", unit="周", low=1, high=26, source="本系统回测")
    base: float = param(
        4, help="一个品牌超限量的罕见度", unit="lg", low=1, high=8, source="本系统回测"
    )
    per_more: float = param(
        0.5, help="每多一个品牌或一周加（合计至多2）", unit="lg", low=0, high=2, source="本系统回测"
    )
    red_from: int = param(
        3, help="累计品牌数或周数达到即红", unit="个/周", low=2, high=10, source="detection §4a"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop over a limit on the day: surprise, brands, qty and limit_qty of the worst,
        and how many brands (all_brands) and days (all_days) were over within the weeks."""
        over = self._over(facts, on)
        today = over.filter(_.day == on).mutate(excess=_.qty - _.limit_qty)
        worst = today.group_by("retailer_id").agg(
            brands=_.sku_id.nunique(),
            sku_id=_.sku_id.argmax(_.excess),
            qty=_.qty.argmax(_.excess),
            limit_qty=_.limit_qty.argmax(_.excess),
        )
        ever = over.group_by("retailer_id").agg(
            all_brands=_.sku_id.nunique(),
            all_days=_.day.nunique(),
            all_weeks=(_.day.delta(ibis.date(1970, 1, 5), unit="day") // 7).nunique(),
        )
        more = (_.all_brands + _.all_days - 2) * self.per_more
        return (
            worst.join(ever, "retailer_id")
            .mutate(surprise=self.base + ibis.least(more, 2.0))
            .rename(subject_id="retailer_id")
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["qty"] - row["limit_qty"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        repeated = (
            f"；近{self.weeks}周累计{row['all_days']}个订货日、{row['all_brands']}个品牌"
            if row["all_days"] > 1
            else ""
        )
        return (
            f"本日有{row['brands']}个品牌订货超过公布限量，超出最多的订"
            f"{wording.cartons(row['qty'])}、限量{wording.cartons(row['limit_qty'])}{repeated}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        over = self._over(facts, on)
        wanted = found.select("subject_id")
        mine = over.join(wanted, over.retailer_id == wanted.subject_id)
        columns = ("order_id", "day", "sku_id", "qty", "limit_qty")
        return evidence.stacked(evidence.rows_of(mine, "lines", *columns))

    def floor(self, row: Mapping[str, Any]) -> str:
        """红 from the third brand or week over the limit, else 橙."""
        weeks = row.get("all_weeks", row["all_days"])
        return "红" if max(row["all_brands"], weeks) >= self.red_from else "橙"

    def _over(self, facts: Facts, on: dt.date) -> ir.Table:
        since = on - dt.timedelta(weeks=self.weeks)
        return facts.lines.filter(
            _.day > since, _.day <= on, _.limit_qty.notnull(), _.qty > _.limit_qty
        )
