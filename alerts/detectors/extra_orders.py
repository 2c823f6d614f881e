import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import rank_surprise
from sources.facts import Facts

EXTRA = ("补单", "补订", "补货", "机动", "机动订单", "补充订单")


@dataclass(frozen=True, kw_only=True)
class ExtraOrders(Detector):
    key = "extra_orders"
    code = "BEH-08"
    family = "PATTERN"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.kind", "orders.qty",
        "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip
    optional = ("orders.qty",)

    title = "补单、机动订单过多"
    looks_for = "本月的补单、机动订单超过规定次数的零售户，当日又有一单。"
    why_it_matters = "补单、机动单由人工开口子，次数多就成了计划外的货源通道。"
    innocent_causes = "扣款失败后补订；停电断网漏订；节前集中补货且有审批。"
    next_steps = (
        "一、调取本月每张补单、机动单的申请和审批，看经办人；"
        "二、对照补订的规格，紧俏规格占多数的，电话询问用途并查到货。"
    )
    deviation = "本月补单、机动订单{:.0f}次"
    measure = "times"

    times: int = param(2, help="一个月内超过", unit="次", low=0, high=31, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        month = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
        extra = ibis.coalesce(_.kind, "").isin(list(EXTRA))
        counted = (
            month.mutate(extra=extra)
            .group_by("bureau", "retailer_id")
            .agg(
                times=_.extra.cast("int64").sum(),
                orders=_.order_id.nunique(),
                qty=ibis.coalesce(_.qty.sum(where=_.extra), 0.0),
                today=(_.extra & (_.day == on)).any(),
            )
        )
        ranked = counted.mutate(surprise=rank_surprise(_.times, by="bureau"))
        return ranked.filter(_.today, _.times > self.times).select(
            "times", "orders", "qty", "surprise", subject_id=_.retailer_id
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"本月订货{row['orders']}次，其中补单、机动订单{row['times']}次共{row['qty']:.0f}条，"
            f"超过每月{self.times}次。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        month = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
        mine = month.join(found.select("subject_id", retailer_id="subject_id"), "retailer_id")
        return stacked(rows_of(mine, "orders", "day", "order_id", "kind", "qty"))
