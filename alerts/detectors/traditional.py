import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Traditional(Detector):
    key = "traditional"
    code = "传统"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no",
    )  # fmt: skip
    judges = ("most", "least")
    weight = -9.0  # kept for comparison only: no list ever shows it

    title = "传统规则：四周平均的150%或50%"
    looks_for = "本次订货量高于本户前四周平均每单的一倍半，或低于其一半。只作对照，不推送预警。"
    why_it_matters = "这是各地沿用多年的做法，回测时用来比较：同样的工作量，哪种办法找得准。"
    innocent_causes = "节假日行情涨落；隔周订货、上期漏订；季节变化；多数命中属于正常波动。"
    next_steps = "一、只用于规则回测的对照；二、不据此询访、核查零售户。"
    deviation = "与前四周平均相差{:.1f}倍"

    most: float = param(
        1.5, help="高于平均的倍数", unit="倍", low=1, high=10, source="各地沿用的做法"
    )
    least: float = param(
        0.5, help="低于平均的倍数", unit="倍", low=0, high=1, source="各地沿用的做法"
    )
    weeks: int = param(4, help="往前平均", unit="周", low=1, high=26, source="各地沿用的做法")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop beyond the lines: qty, mean, times; the surprise is always 1."""
        recent = facts.orders.filter(
            _.day > on - dt.timedelta(weeks=self.weeks, days=1), _.day <= on
        )
        sums = recent.group_by("retailer_id").agg(
            qty=_.qty.sum(where=_.day == on),
            past=_.qty.sum(where=_.day < on),
            orders=_.order_id.nunique(where=_.day < on),
        )
        compared = sums.filter(_.qty > 0, _.past > 0).mutate(mean=_.past / _.orders)
        beyond = (_.qty > _.mean * self.most) | (_.qty < _.mean * self.least)
        return compared.filter(beyond).select(
            "qty",
            "mean",
            subject_id=_.retailer_id,
            times=_.qty / _.mean,
            surprise=ibis.literal(1.0),
        )

    def holds(self, row: Mapping[str, Any]) -> bool:
        return bool(row["times"] > self.most or row["times"] < self.least)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(max(row["times"], 1 / row["times"]))

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"本次订购{cartons(row['qty'])}，前{self.weeks}周平均每单{cartons(row['mean'])}，"
            f"为其{row['times']:.0%}（传统规则，仅作对照）。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id")
        recent = facts.orders.filter(
            _.day > on - dt.timedelta(weeks=self.weeks, days=1), _.day <= on
        )
        mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
        return stacked(rows_of(mine, "orders", "day", "order_id", "qty"), most=12)
