from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts import clusters
from alerts.concentration import Concentration


@dataclass(frozen=True, kw_only=True)
class ManagerCluster(Concentration):
    key = "manager_cluster"
    code = "INT-01"
    subject = "staff"
    inputs = (*clusters.INPUTS, "retailers.manager_id")
    by = "manager_id"

    title = "客户经理辖区异常户集中"
    looks_for = (
        "同一客户经理服务的户中，近四周订货大增、超限量或与他人共用设备的占比明显高于同县其余户。"
    )
    why_it_matters = "异常集中在一名客户经理名下，多半不是各店自己的事。"
    innocent_causes = "线路或辖区刚刚调整；旅游、集市片区旺季；新品集中铺货。"
    next_steps = "一、由市局抽十户以上直接电询，名单不由该经理提供；二、调取这些户的订货登录和改单日志；三、核对近三个月辖区调整记录。"
    deviation = "辖区{:.0f}户异常"

    def sentence(self, row: Mapping[str, Any]) -> str:
        return self.told(row, "该客户经理")
