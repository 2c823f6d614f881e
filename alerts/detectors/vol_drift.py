import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts import panels, statistics, wording
from alerts.detection import Detector, param
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class VolDrift(Detector):
    key = "vol_drift"
    code = "VOL-03D"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    weight = -0.3  # found late, and often a shop that has changed for good
    inputs = (*panels.ORDER_COLUMNS, *panels.ORDER_ROWS, *panels.SHOP_COLUMNS)
    optional = panels.MAY_LACK

    title = "订货量缓慢抬高"
    looks_for = "近一个季度每周订货逐步多于本户更早半年的常态，而同县其他户没有同样变化。"
    why_it_matters = "长期、小步加量不触发单次预警，却可能是逐步替他人订货或外流形成的。"
    innocent_causes = (
        "店面扩大、换了经营者或搬到旺铺；附近新建小区、学校、工地；邻近老店关门，客源转来。"
    )
    next_steps = (
        "一、一周内调阅近39周订货曲线与档位调整记录；"
        "二、向客户经理核实经营条件近半年有无变化；"
        "三、变化属实的，登记为新常态并注明起始周。"
    )
    deviation = "订货量为此前常态的{:.1f}倍"
    measure = "ratio"

    youngest: int = param(
        34, help="开户不足者不评", unit="周", low=26, high=78, source="本系统回测"
    )
    smallest: float = param(
        5, help="应订数低于此数不评", unit="条", low=1, high=200, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that ordered on the day: surprise, weeks, qty, ratio to the older normal."""
        judged = statistics.judged(panels.volume(facts, on), on, {10: "z10", 13: "z13"}, spread=1.5)
        settled = statistics.settled(judged, facts, on, self.youngest).mutate(
            log_ratio=(_.weeks == 10).ifelse(_.r10, _.r13)
        )
        return settled.filter(_.surprise >= 1, _.own.exp() - 1 >= self.smallest).select(
            "surprise",
            "weeks",
            "qty",
            subject_id="retailer_id",
            normal=_.own.exp() - 1,
            ratio=_.log_ratio.exp(),
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近{row['weeks']}次订货剔除行情后平均为此前半年常态的{row['ratio']:.1f}倍，"
            f"现已稳定在每周{wording.cartons(row['normal'])}左右（本周{wording.cartons(row['qty'])}）；"
            f"本县近半年订单中{wording.rarity(row['surprise'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.orders_of(facts, on, found, weeks=40)
