import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import principals, with_rarity
from sources.facts import Facts

PRIME = 2_147_483_647  # keeps the sums within int64


@dataclass(frozen=True, kw_only=True)
class SameBasket(Detector):
    key = "same_basket"
    code = "STR-06"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    shares = "逐项相同的订单"
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.limit_qty", "lines.bureau", "lines.batch_id", "lines.row_no",
        "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
    )  # fmt: skip
    optional = ("lines.limit_qty", "retailers.chain_id")

    title = "多户订单完全相同"
    looks_for = (
        "几个不同经营者在同一天订的规格和每个规格的数量完全一样，且不是因为大家都订到了上限。"
    )
    why_it_matters = "各店的生意不同，订单却一字不差，可能由一人统一填写。"
    innocent_causes = "当日投放的规格少、大家都订满限量；连锁统一配货；推荐订单被几户照单采用。"
    next_steps = (
        "一、对照这些户的提交时间、网址和设备；二、电话分别询问订单由谁填写，抽两户看到货是否进店。"
    )
    deviation = "与另外{:.0f}个经营者订单相同"
    measure = "others"

    shops: int = param(
        3, help="相同的经营者达到（含）", unit="户", low=2, high=50, source="本系统设定"
    )
    least_lines: int = param(
        6, help="订单规格数达到（含）", unit="个", low=2, high=50, source="本系统设定"
    )
    free_lines: int = param(
        3, help="其中未订到上限的规格达到（含）", unit="个", low=0, high=50, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        baskets = self._baskets(facts, on)
        same = ["kinds", "cartons", "first", "second"]
        groups = baskets.group_by(same).agg(principals=_.principal.nunique())
        told = baskets.join(groups.filter(_.principals >= self.shops), same)
        sizes = told.group_by(*same, "bureau").agg(here=_.retailer_id.nunique())
        whole = told.group_by(same).agg(all=_.retailer_id.nunique())
        told = told.join(sizes, [*same, "bureau"]).join(whole, same)
        rare = with_rarity(told.mutate(others=_.principals - 1), baskets)
        return rare.select(
            "bureau",
            "order_id",
            "kinds",
            "cartons",
            "others",
            "surprise",
            subject_id=_.retailer_id,
            elsewhere=_["all"] - _.here,
            link=_.first.cast("string").concat("-", _.second.cast("string")),
        )

    def _baskets(self, facts: Facts, on: dt.date) -> ir.Table:
        """One order of each shop that day, the longest: how many kinds, cartons and two sums that
        are equal for equal baskets whatever the order of their lines."""
        lines = facts.lines.filter(_.day == on, _.qty > 0)
        number = ibis.dense_rank().over(order_by=_.sku_id) + 1
        coded = lines.mutate(number=number, tenths=(_.qty * 10).round().cast("int64"))
        at_limit = ibis.coalesce(_.qty >= _.limit_qty, False)
        orders = coded.group_by("retailer_id", "bureau", "order_id").agg(
            kinds=_.count(),
            free=(~at_limit).cast("int64").sum(),
            cartons=_.qty.sum(),
            first=((_.number * 7919 + _.tenths * 104729 + _.number * _.tenths * 31) % PRIME).sum(),
            second=((_.number * 15485863 + _.tenths * 27644437) * _.number % PRIME).sum(),
        )
        order = [_.kinds.desc(), _.order_id]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        longest = orders.mutate(place=place).filter(
            _.place == 0, _.kinds >= self.least_lines, _.free >= self.free_lines
        )
        return longest.join(principals(facts.retailers), "retailer_id")

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"（其中外县{row['elsewhere']}户）" if row["elsewhere"] else ""
        return (
            f"当日订单{row['kinds']}个规格共{row['cartons']:.0f}条，"
            f"与另外{row['others']}个经营者的订单规格、数量完全相同{away}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        own = facts.lines.filter(_.day == on).join(
            found.select("subject_id", "order_id"), "order_id"
        )
        return stacked(rows_of(own, "lines", "day", "order_id", "sku_id", "qty", "limit_qty"))
