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
class FrozenBasket(Detector):
    key = "frozen_basket"
    code = "BEH-07R"
    family = "PATTERN"
    scope = "bureau"
    subject = "retailer"
    inputs = (*panels.ORDER_COLUMNS, *panels.LIMIT_COLUMNS, *panels.LINE_ROWS, *panels.SHOP_COLUMNS)
    optional = (*panels.MAY_LACK, "lines.limit_qty")

    title = "订单多次照抄上一次"
    looks_for = "连续几次订货，未到限量的品牌数量与上一次几乎一样，明显多于订同样多品牌的其他户。"
    why_it_matters = "真实卖烟的店数量总有起伏；照抄的订单，可能是店已歇业、证照被他人拿去代订。"
    innocent_causes = "生意平稳的小店习惯按固定清单订货；使用了系统的推荐订单或一键复制上次订单。"
    next_steps = (
        "一、本周内实地查看是否正常营业、订的烟是否在店；"
        "二、三日内核对近6次订单的下单设备与送货签收人；"
        "三、使用推荐订单的，由客户经理一周内书面说明。"
    )
    deviation = "最近一次{:.0%}的品牌照抄上一次"

    youngest: int = param(16, help="开户不足者不评", unit="周", low=8, high=52, source="本系统回测")
    fewest: int = param(
        3,
        help="两次订单未到限量的品牌合计少于此数不评",
        unit="个",
        low=1,
        high=20,
        source="本系统设定",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that ordered on the day: surprise, weeks, same, either."""
        book = panels.repeats(facts, on)
        judged = statistics.judged(book, on, {3: "l3", 6: "l6"}, spread=1.5, lasting=True)
        settled = statistics.settled(judged, facts, on, self.youngest)
        return settled.filter(_.surprise >= 1, _.either >= self.fewest).select(
            "surprise", "weeks", "either", subject_id=_.retailer_id, same=_.same.fill_null(0)
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float((row["same"] + 0.5) / (row["either"] + 1))

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近{row['weeks']}次订货与上一次雷同的程度远高于订同样多品牌的户：最近两次未到限量的"
            f"{row['either']}个品牌中，{row['same']}个数量完全相同；"
            f"本县近半年订单中{wording.rarity(row['surprise'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.lines_of(facts, on, found, 4, "limit_qty")
