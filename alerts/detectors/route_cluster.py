from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts import clusters
from alerts.concentration import Concentration


@dataclass(frozen=True, kw_only=True)
class RouteCluster(Concentration):
    key = "route_cluster"
    code = "INT-02"
    subject = "route"
    inputs = (*clusters.INPUTS, "retailers.route")
    by = "route"

    title = "送货线路异常户集中"
    looks_for = (
        "同一条送货线路的户中，近四周订货大增、超限量或与他人共用设备的占比明显高于同县其余户。"
    )
    why_it_matters = "货沿线路集中流动时，异常也会沿线路集中。"
    innocent_causes = "沿线节庆、旅游旺季；线路刚刚调整；新品集中铺货。"
    next_steps = (
        "一、由市局核对该线路近四周的送货轨迹和签收；二、抽十户以上电询是否本人订货、是否收到货。"
    )
    deviation = "线路上{:.0f}户异常"

    def sentence(self, row: Mapping[str, Any]) -> str:
        return self.told(row, f"线路{row['subject_id'][:20]}")
