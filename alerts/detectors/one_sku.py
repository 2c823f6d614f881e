import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import rank_surprise
from alerts.wording import rarity
from sources.facts import Facts

TIGHT = "紧俏"


@dataclass(frozen=True, kw_only=True)
class OneSku(Detector):
    key = "one_sku"
    code = "STR-07"
    family = "STRUCT"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.amount", "lines.bureau", "lines.batch_id", "lines.row_no",
        "skus.sku_id", "skus.sku_name", "skus.market_state", "skus.is_focus",
    )  # fmt: skip
    optional = ("skus.sku_name", "skus.market_state")

    title = "订单品规高度集中"
    looks_for = "当日订货的金额集中在极少数规格上，其中一个重点或紧俏规格占了大半。"
    why_it_matters = "正常店要备齐货架，只要一个重点规格的订单，更像是替人收这一种货。"
    innocent_causes = "宴席、单位团购指定用烟；其他规格库存充足；当日可订的规格很少。"
    next_steps = (
        "一、三日内电话询问该规格买主与用途；"
        "二、对照近四周订单看是否一贯如此，有外流反馈同规格的转实地核查。"
    )
    deviation = "集中在一个规格的{:.0f}条"
    measure = "qty"

    hhi: float = param(
        0.5, help="集中度指数超过", unit="", low=0.1, high=0.99, source="domain STR-07"
    )
    share: float = param(
        0.6, help="一个重点或紧俏规格占金额达到（含）", unit="比例", low=0.1, high=1,
        source="domain STR-07",
    )  # fmt: skip
    cartons: float = param(
        20, help="当日订货不足者不计", unit="条", low=1, high=500, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop: surprise, hhi, share, name (of the product), qty (of it), all, kinds."""
        skus = facts.skus.group_by("sku_id").agg(
            name=_.sku_name.max(),
            watched=ibis.coalesce(_.is_focus.cast("int64").max(), 0)
            + ibis.coalesce((_.market_state == TIGHT).cast("int64").max(), 0),
        )
        today = facts.lines.filter(_.day == on, _.qty > 0, _.amount > 0)
        parts = today.group_by("bureau", "retailer_id", "sku_id").agg(
            qty=_.qty.sum(), amount=_.amount.sum()
        )
        whole = parts.group_by("bureau", "retailer_id").agg(
            whole=_.amount.sum(), all=_.qty.sum(), kinds=_.count()
        )
        parts = parts.join(whole.drop("bureau"), "retailer_id").join(skus, "sku_id")
        parts = parts.filter(_["all"] >= self.cartons).mutate(part=_.amount / _.whole)
        watched = _.part.max(where=_.watched > 0)
        shops = parts.group_by("bureau", "retailer_id", "all", "kinds").agg(
            hhi=(_.part**2).sum(),
            share=watched,
            name=ibis.coalesce(_.name, _.sku_id).argmax(_.part),
            qty=_.qty.argmax(_.part),
        )
        ranked = shops.mutate(surprise=rank_surprise(_.hhi, by="bureau"))
        return ranked.filter(_.hhi > self.hhi, _.share >= self.share).select(
            "surprise", "hhi", "share", "name", "qty", "all", "kinds", subject_id=_.retailer_id
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"当日订货{row['all']:.0f}条、{row['kinds']}个规格，其中「{row['name'][:20]}」"
            f"{row['qty']:.0f}条，占金额{row['share']:.1%}；订得这样集中的，"
            f"当日本县订{self.cartons:.0f}条以上的户中{rarity(row['surprise'])}。"
        )

    def floor(self, row: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Always listed: among the few shops of a small county and day none is rare enough."""
        return "蓝"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        today = facts.lines.filter(_.day == on)
        mine = today.join(found.select("subject_id"), today.retailer_id == found.subject_id)
        return stacked(rows_of(mine, "lines", "day", "order_id", "sku_id", "qty", "amount"))
