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
class Outflow(Detector):
    key = "outflow"
    code = "STR-02R"
    family = "LIMIT"
    scope = "bureau"
    subject = "retailer"
    weight = 0.3  # two records of an order at once: right more often than volume or limits alone
    inputs = (*panels.ORDER_COLUMNS, *panels.LIMIT_COLUMNS, *panels.LINE_ROWS, *panels.SHOP_COLUMNS)

    title = "集中订紧俏品牌并频频顶格"
    looks_for = (
        "紧俏品牌的比重和顶格品牌数同时高于本户近半年常态，而同县同访销日其他户没有同样变化。"
    )
    why_it_matters = "紧俏品牌批零差大、易转手，两项同时升高是真烟外流最常见的订货样子。"
    innocent_causes = (
        "附近消费升级、新开酒店；档位上调；紧俏品牌集中投放；其他品牌存货尚多，少订了。"
    )
    next_steps = (
        "一、两日内电话询访持证人，问清紧俏品牌的买主与存量；"
        "二、三日内实地清点紧俏品牌库存，抽查32位喷码；"
        "三、比对近4周同线路各户同一品牌的订货。"
    )
    deviation = "紧俏品牌{:.0f}条"

    youngest: int = param(16, help="开户不足者不评", unit="周", low=8, high=52, source="本系统回测")
    smallest: float = param(
        3, help="本次紧俏品牌少于此数不评", unit="条", low=0, high=100, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that ordered on the day: surprise, weeks, scarce, share, normal, met, due."""
        hits = panels.pressure(facts, on).select(
            "retailer_id", "day", "z8", hit2="z2", hit4="z4", hit8="z8"
        )
        book = panels.scarcity(facts, on).join(hits.drop("z8"), ["retailer_id", "day"])
        book = book.mutate(
            **{f"c{weeks}": _[f"z{weeks}"] + _[f"hit{weeks}"] for weeks in (2, 4, 8)}
        )
        columns = {weeks: f"c{weeks}" for weeks in (2, 4, 8)}
        judged = statistics.judged(book, on, columns, spread=2, lasting=True)
        settled = statistics.settled(judged, facts, on, self.youngest).mutate(odds=_.own.exp())
        compared = settled.filter(_.due.notnull())  # else nobody of its tiers was seen lately
        return compared.filter(_.surprise >= 1, _.scarce >= self.smallest).select(
            "surprise",
            "weeks",
            "scarce",
            "met",
            "due",
            subject_id=_.retailer_id,
            share=_.scarce / (_.scarce + _.loose).nullif(0),
            normal=_.odds / (1 + _.odds),
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(max(row["scarce"], 1))

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近{row['weeks']}次订货紧俏品牌比重与顶格数同时偏高：本日紧俏{wording.cartons(row['scarce'])}"
            f"占{row['share']:.0%}（本户近26周常态{row['normal']:.0%}），顶格{row['met']}个品牌"
            f"（同档位户一般{row['due']:.1f}个）；本县近半年订单中{wording.rarity(row['surprise'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.lines_of(facts, on, found, 3, "limit_qty")
