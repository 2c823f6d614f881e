import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts import clusters
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class ManagerCluster(Detector):
    key = "manager_cluster"
    code = "INT-01"
    family = "INT"
    scope = "all"
    subject = "staff"
    inputs = (*clusters.INPUTS, "retailers.manager_id")
    optional = clusters.OPTIONAL

    title = "客户经理辖区异常户集中"
    looks_for = (
        "同一客户经理服务的户中，近四周订货大增、超限量或与他人共用设备的占比明显高于同县其余户。"
    )
    why_it_matters = "异常集中在一名客户经理名下，多半不是各店自己的事。"
    innocent_causes = "线路或辖区刚刚调整；旅游、集市片区旺季；新品集中铺货。"
    next_steps = "一、由市局抽十户以上直接电询，名单不由该经理提供；二、调取这些户的订货登录和改单日志；三、核对近三个月辖区调整记录。"
    deviation = "辖区{:.0f}户异常"
    measure = "unusual"

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

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近4周该客户经理的{row['shops']}户中有{row['unusual']}户异常"
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
        whose = facts.retailers.select("retailer_id", group=_.manager_id.nullif(""))
        return clusters.marked(facts, on, self.growth).join(whose, "retailer_id")
