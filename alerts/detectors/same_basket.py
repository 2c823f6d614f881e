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

    title = "多户订单雷同"
    looks_for = (
        "几个不同经营者在同一天订的规格完全一样，每个规格的数量也一样或几乎同一比例，"
        "且不是因为大家都订到了上限。"
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
    alike: float = param(
        0.98, help="规格相同而数量的相近程度（余弦）达到（含）", unit="", low=0.9, high=1,
        source="domain STR-06",
    )  # fmt: skip
    free_lines: int = param(
        3, help="其中未订到上限的规格达到（含）", unit="个", low=0, high=50, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop whose longest order is like those of enough others; `equal` of them (other
        principals) took exactly the same."""
        baskets = self._baskets(facts, on)
        met = self._alike(facts, on, baskets).mutate(away=_.bureau != _.other_bureau)
        groups = met.group_by("order_id", "bureau").agg(
            others=_.other_principal.nunique(),
            equal=_.other_principal.nunique(where=_.is_equal),
            elsewhere=_.other_shop.nunique(where=_.away),
        )
        told = baskets.join(groups.filter(_.others >= self.shops - 1), ["order_id", "bureau"])
        rare = with_rarity(told, baskets)
        return rare.select(
            "bureau",
            "order_id",
            "kinds",
            "cartons",
            "others",
            "equal",
            "elsewhere",
            "surprise",
            subject_id=_.retailer_id,
            link=_.first.cast("string").concat("-", _.second.cast("string")),
        )

    def _alike(self, facts: Facts, on: dt.date, baskets: ir.Table) -> ir.Table:
        """Pairs of orders of two principals with the same products in about the same proportions."""
        goods = ["kinds", "first", "second"]
        theirs = baskets.select(
            *goods, other="order_id", other_bureau="bureau", other_shop="retailer_id",
            other_principal="principal", other_size="squares",
        )  # fmt: skip
        pairs = baskets.join(theirs, goods).filter(_.principal != _.other_principal)
        lines = facts.lines.filter(_.day == on, _.qty > 0)
        mine = lines.group_by("bureau", "order_id", "sku_id").agg(x=_.qty.sum())
        key = ["bureau", "order_id", "other", "other_bureau", "other_shop", "other_principal"]
        key += ["squares", "other_size"]
        yours = mine.select("sku_id", other_bureau="bureau", other="order_id", y="x")
        # below one another, not joined by product: that would meet every order of the product
        left = pairs.join(mine, ["bureau", "order_id"]).select(*key, "sku_id", "x", y=0.0)
        right = pairs.join(yours, ["other_bureau", "other"]).select(*key, "sku_id", "y", x=0.0)
        both = ibis.union(left, right.select(left.columns)).group_by(*key, "sku_id")
        both = both.agg(x=_.x.sum(), y=_.y.sum())
        told = both.group_by(key).agg(dot=(_.x * _.y).sum(), apart=(_.x - _.y).abs().max())
        cosine = _.dot / (_.squares * _.other_size).sqrt()
        return told.filter(cosine >= self.alike - 1e-9).mutate(is_equal=_.apart < 0.05)

    def _baskets(self, facts: Facts, on: dt.date) -> ir.Table:
        """One order of each shop that day, the longest: how many kinds, cartons, the sum of
        their squares, and two sums that are equal for the same products whatever their order."""
        lines = facts.lines.filter(_.day == on, _.qty > 0)
        rank = ibis.dense_rank().over(order_by=_.sku_id) + 1
        number = rank.cast("float64").cast(
            "int64"
        )  # Spark's ranks have 32 bits; products need more
        sums = lines.group_by("retailer_id", "bureau", "order_id", "sku_id")
        sums = sums.agg(qty=_.qty.sum(), limit_qty=_.limit_qty.max())
        coded = sums.mutate(number=number)
        at_limit = ibis.coalesce(_.qty >= _.limit_qty, False)
        orders = coded.group_by("retailer_id", "bureau", "order_id").agg(
            kinds=_.count(),
            free=(~at_limit).cast("int64").sum(),
            cartons=_.qty.sum(),
            squares=(_.qty * _.qty).sum(),
            first=(_.number * 7919 % PRIME).sum(),
            second=(_.number * 15485863 * _.number % PRIME).sum(),
        )
        order = [_.kinds.desc(), _.order_id]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        longest = orders.mutate(place=place).filter(
            _.place == 0, _.kinds >= self.least_lines, _.free >= self.free_lines
        )
        whose = longest.join(principals(facts.retailers), "retailer_id")
        return whose.select(*longest.columns, "principal")

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"（其中外县{row['elsewhere']}户）" if row["elsewhere"] else ""
        start = f"当日订单{row['kinds']}个规格共{row['cartons']:.0f}条，与另外{row['others']}个经营者的订单"
        equal = row.get("equal", row["others"])  # rows of before were all equal
        if equal == row["others"]:
            return f"{start}规格、数量完全相同{away}。"
        whole = f"，其中{equal}个数量完全相同" if equal else ""
        return f"{start}规格相同，各规格数量的比例几乎一样{whole}{away}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        own = facts.lines.filter(_.day == on).join(
            found.select("subject_id", "order_id"), "order_id"
        )
        return stacked(rows_of(own, "lines", "day", "order_id", "sku_id", "qty", "limit_qty"))
