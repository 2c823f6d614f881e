"""Groups of shops with too many unusual ones: what the detectors of lines and of managers share."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import ibis.expr.types as ir
from ibis import _

from alerts import clusters
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Concentration(Detector):
    family = "INT"
    scope = "all"
    optional = clusters.OPTIONAL
    measure = "unusual"
    by: ClassVar[str]  # the column of retailers that groups them

    least: int = param(
        50, help="至少有多少户才比较", unit="户", low=10, high=1000, source="domain §4.8（设计）"
    )
    unusual: int = param(
        10, help="异常户达到（含）", unit="户", low=2, high=500, source="本系统回测"
    )
    sigmas: float = param(
        2.5,
        help="高出同县其余户（标准差）超过",
        unit="σ",
        low=1,
        high=10,
        source="domain §4.8（设计）",
    )
    times: float = param(
        3.0,
        help="或为其余户占比的（含）",
        unit="倍",
        low=1.2,
        high=20,
        source="domain §4.8（设计）",
    )
    growth: float = param(
        2.0, help="四周订货为此前的（含）算大增", unit="倍", low=1.2, high=10, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        told = clusters.concentrated(self._shops(facts, on), self.least)
        high = (_.z > self.sigmas) | ((_.ratio >= self.times) & (_.z > 0))
        told = told.filter(high, _.unusual >= self.unusual).semi_join(
            clusters.is_weekly(facts, on), "bureau"
        )
        return told.rename(subject_id="group")

    def told(self, row: Mapping[str, Any], whose: str) -> str:
        """The sentence about a group; `whose`: it in words."""
        return (
            f"近4周{whose}的{row['shops']}户中有{row['unusual']}户异常"
            f"（订货大增{row['grown']}、超限量{row['over']}、共用设备{row['shared']}），"
            f"占{row['unusual'] / row['shops']:.1%}，同县其余户{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("bureau", group="subject_id")
        shops = self._shops(facts, on).filter(_.grown | _.over | _.shared)
        mine = shops.join(wanted, ["bureau", "group"]).select("retailer_id", subject_id="group")
        recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=clusters.WEEKS), _.day <= on)
        rows = recent.join(mine, "retailer_id")
        return stacked(rows_of(rows, "orders", "day", "order_id", "retailer_id", "qty"), by="qty")

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def _shops(self, facts: Facts, on: dt.date) -> ir.Table:
        whose = facts.retailers.select("retailer_id", group=_[self.by].nullif(""))
        return clusters.marked(facts, on, self.growth).join(whose, "retailer_id")
