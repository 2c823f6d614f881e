import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts import evidence
from alerts.detection import Detector, param
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class TierJump(Detector):
    key = "tier_jump"
    code = "CUS-05R"
    family = "TIER"
    scope = "bureau"
    subject = "retailer"
    weight = 0.5
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.tier", "orders.qty",
        "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip

    title = "档位短期内大幅上调"
    looks_for = "六周内档位上升三档及以上，且不是全县统一调档。"
    why_it_matters = "档位决定能订多少紧俏烟，短期大幅上调可能是人为照顾。"
    innocent_causes = (
        "按规定的季度评档；搬迁、扩店后重新评定；档位编码口径调整；更正以前录错的档位。"
    )
    next_steps = (
        "一、三日内调取该户评档依据、审批单与经办人；"
        "二、一周内对照调档前后各6周的订货明细；"
        "三、请营销科书面说明同期上调的其他户。"
    )
    deviation = "档位升{:.0f}档"

    weeks: int = param(6, help="往前查看", unit="周", low=2, high=26, source="本系统回测")
    least: int = param(3, help="上升达到", unit="档", low=1, high=15, source="本系统回测")
    base: float = param(
        2.5, help="刚达到上升档数的罕见度", unit="lg", low=1, high=6, source="本系统回测"
    )
    per_tier: float = param(
        0.45, help="每多升一档加", unit="lg", low=0.1, high=2, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that ordered on the day: surprise, tier, former, rise (above the county's)."""
        since = on - dt.timedelta(weeks=self.weeks)
        recent = facts.orders.filter(_.day > since, _.day <= on, _.tier.notnull())
        shops = recent.group_by("bureau", "retailer_id").agg(
            former=_.tier.min(),
            tier=_.tier.argmax(_.day),
            first=_.tier.argmin(_.day),
            last=_.day.max(),
        )
        usual = shops.group_by("bureau").agg(usual=(_.tier - _["first"]).median())
        raised = shops.join(usual, "bureau").mutate(rise=_.tier - _.former - _.usual)
        return raised.filter(_["last"] == on, _.rise >= self.least).select(
            "tier",
            "former",
            subject_id="retailer_id",
            surprise=(self.base + (_.rise - self.least + 1) * self.per_tier).clip(upper=10.0),
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["tier"] - row["former"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近{self.weeks}周内档位由{row['former']}档升到{row['tier']}档，"
            f"升{row['tier'] - row['former']}档；全县同期没有这样的统一调档。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        since = on - dt.timedelta(weeks=self.weeks)
        recent = facts.orders.filter(_.day > since, _.day <= on)
        wanted = found.select("subject_id")
        mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
        return evidence.stacked(evidence.rows_of(mine, "orders", "order_id", "day", "tier", "qty"))
