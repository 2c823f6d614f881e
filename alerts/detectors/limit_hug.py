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
class LimitHug(Detector):
    key = "limit_hug"
    code = "VOL-05"
    family = "LIMIT"
    scope = "bureau"
    subject = "retailer"
    inputs = (*panels.ORDER_COLUMNS, *panels.LIMIT_COLUMNS, *panels.LINE_ROWS, *panels.SHOP_COLUMNS)

    title = "连续顶格订货"
    looks_for = "连续多次把许多品牌订到限量，明显多于同档位其他户，或明显多于本户以往。"
    why_it_matters = "不问销路、有多少订多少，常见于替他人集货或囤货转手。"
    innocent_causes = "旺铺真实需求大；限量偏紧，多数户都订满；提价预期下的备货；节前集中备货。"
    next_steps = (
        "一、本周内电话询访持证人，问清顶格品牌的销路；"
        "二、一周内实地盘点顶格品牌库存，对照近8周订单明细；"
        "三、请客户经理说明该户近三个月档位与限量有无变化。"
    )
    deviation = "顶格品牌数为同档位户的{:.1f}倍"

    youngest: int = param(16, help="开户不足者不评", unit="周", low=8, high=52, source="本系统回测")
    fewest: int = param(
        3, help="顶格品牌少于此数不评", unit="个", low=1, high=30, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that ordered on the day: surprise, weeks, met, brands, due."""
        book = panels.fullness(facts, on)
        columns = {2: "z2", 4: "z4", 8: "z8", 14: "l4", 18: "l8"}  # above 10: the level's window
        judged = statistics.judged(book, on, columns, spread=2, lasting=True)
        settled = statistics.settled(judged, facts, on, self.youngest)
        compared = settled.filter(_.due.notnull())  # else nobody of its tiers was seen lately
        return compared.filter(_.surprise >= 1, _.met >= self.fewest).select(
            "surprise",
            "met",
            "brands",
            "due",
            subject_id=_.retailer_id,
            weeks=_.weeks % 10,
            lasting=_.weeks > 10,
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(max(row["met"], 0.5) / max(row["due"], 0.5))

    def sentence(self, row: Mapping[str, Any]) -> str:
        against = "同县同档位户" if row["lasting"] else "本户以往"
        return (
            f"近{row['weeks']}次订货顶格品牌明显多于{against}：本日所订{row['brands']}个品牌中"
            f"{row['met']}个订到限量，同档位户一般{row['due']:.1f}个；"
            f"本县近半年订单中{wording.rarity(row['surprise'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.lines_of(facts, on, found, 3, "limit_qty")
