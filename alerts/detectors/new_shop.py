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
class NewShop(Detector):
    key = "new_shop"
    code = "CUS-09R"
    family = "LIMIT"
    scope = "bureau"
    subject = "retailer"
    weight = 1.0  # few shops are new, and among them this is seldom chance
    inputs = (*panels.ORDER_COLUMNS, *panels.LIMIT_COLUMNS, *panels.LINE_ROWS, *panels.SHOP_COLUMNS)

    title = "新户只订紧俏品牌"
    looks_for = "开户半年内的店，订货品牌少、几乎都是紧俏品牌且订到限量，与同档位户明显不同。"
    why_it_matters = "有的证照办下来只为多占货源，店并不真正经营，货交他人转手。"
    innocent_causes = "刚开业先进畅销品牌；店面在酒店、景区，客人只要少数品牌；周转资金少。"
    next_steps = (
        "一、三日内实地查看是否真正营业、紧俏烟是否在店出售；"
        "二、一周内核对办证材料、经营地址与送货签收人；"
        "三、比对同一订货电话、结算账户下的其他户。"
    )
    deviation = "{:.0f}个品牌订到限量"

    oldest: int = param(26, help="开户不满", unit="周", low=8, high=52, source="本系统回测")
    fewest: int = param(
        2, help="顶格品牌少于此数不评", unit="个", low=1, high=20, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a new shop that ordered on the day: surprise, weeks, age, share, brands, met."""
        opened = facts.retailers.filter(_.open_date > on - dt.timedelta(weeks=self.oldest))
        opened = opened.filter(_.open_date <= on).select("retailer_id", "open_date")
        judged = statistics.judged(
            panels.choices(facts, on), on, {3: "l3", 6: "l6"}, spread=1.5, lasting=True
        )
        new = judged.join(opened, "retailer_id").filter(_.surprise >= 1, _.met >= self.fewest)
        return new.select(
            "surprise",
            "weeks",
            "share",
            "brands",
            "met",
            subject_id=_.retailer_id,
            age=_.day.delta(_.open_date, unit="day") // 7,
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(max(row["met"], 1))

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"开户{row['age']}周；本日订{row['brands']}个品牌，其中{row['met']}个订到限量，"
            f"紧俏品牌占{row['share']:.0%}；近{row['weeks']}次订货这样集中的，"
            f"本县近半年订单中{wording.rarity(row['surprise'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.lines_of(facts, on, found, 4, "limit_qty")
