import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import principals, self_ordered
from alerts.wording import rarity
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class LinkBasket(Detector):
    key = "link_basket"
    code = "BEH-01"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    shares = "网址和相近的订单"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.at", "orders.channel",
        "orders.ip", "orders.bureau", "orders.batch_id", "orders.row_no", "lines.order_id",
        "lines.sku_id", "lines.qty", "lines.day", "lines.bureau", "lines.batch_id",
        "lines.row_no", "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
    )  # fmt: skip
    optional = ("retailers.chain_id", "orders.at", "orders.channel")

    title = "同一网址的几户订单内容相近"
    looks_for = "当日前后脚从同一网址订货的几个经营者，订单的品规构成比当日随意两户相近得多。"
    why_it_matters = "网址相同可能是巧合，连订的烟也像一个模子，更可能出自一人之手。"
    innocent_causes = (
        "邻近的店顾客口味相近；当日投放的规格少；亲属店一起商量订货；用了同样的推荐订单。"
    )
    next_steps = (
        "一、把这几户的订单并排对照，看紧俏规格是否都订满；"
        "二、电话分别询问订单由谁填写，抽两户看到货是否进店。"
    )
    deviation = "与另外{:.0f}个经营者订单相近"
    measure = "others"

    minutes: int = param(
        45, help="算作前后脚的间隔（含）", unit="分钟", low=1, high=1440, source="本系统回测"
    )
    kinds: int = param(
        4, help="订单品规少于此数的不比", unit="个", low=2, high=50, source="本系统设定"
    )
    rarity: float = param(
        1.3, help="罕见程度达到（含）", unit="lg", low=0, high=6, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        orders = self._orders(facts, on)
        baskets, shape = self._baskets(facts, orders, on)
        theirs = orders.select(
            "ip",
            other="order_id",
            other_principal="principal",
            other_at="at",
            other_bureau="bureau",
        )
        gap = (_.at.epoch_seconds() - _.other_at.epoch_seconds()).abs()
        near = ibis.coalesce(gap <= self.minutes * 60, True)
        linked = (
            orders.join(theirs, "ip")
            .filter(_.principal != _.other_principal)
            .filter(near)
            .select("bureau", "retailer_id", "order_id", "ip", "other", "other_principal")
        )
        alike = _cosines(linked, baskets, shape).group_by("bureau", "retailer_id", "ip", "order_id")
        shops = alike.agg(cosine=_.cosine.mean(), others=_.other_principal.nunique())
        chance = _cosines(self._at_random(orders), baskets, shape).select(usual="cosine")
        size = chance.agg(size=_.count())
        above = (
            shops.left_join(chance, chance.usual >= shops.cosine)
            .group_by("bureau", "retailer_id", "ip", "order_id", "cosine", "others")
            .agg(above=_.usual.count())
            .cross_join(size)
        )
        order = [_.cosine.desc(), _.order_id]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        told = above.mutate(place=place, surprise=((_.size + 1) / (_.above + 1)).log10()).filter(
            _.place == 0, _.surprise >= self.rarity
        )
        return told.select(
            "bureau", "order_id", "cosine", "others", "surprise",
            subject_id=_.retailer_id, link=_.ip,
        )  # fmt: skip

    def _orders(self, facts: Facts, on: dt.date) -> ir.Table:
        """The day's orders that shops sent themselves, with whose they are."""
        today = self_ordered(facts.orders).filter(_.day == on, _.ip.notnull())
        whose = today.join(principals(facts.retailers), "retailer_id")
        return whose.select(*today.columns, "principal")

    def _baskets(self, facts: Facts, orders: ir.Table, on: dt.date) -> tuple[ir.Table, ir.Table]:
        """order_id, sku_id, x (square root of the share); and of each order: along (its product
        with the day's mean), mean (the mean's with itself)."""
        lines = facts.lines.filter(_.day == on, _.qty > 0).semi_join(orders, "order_id")
        sums = lines.group_by("order_id").agg(whole=_.qty.sum(), kinds=_.count())
        known = lines.join(sums.filter(_.kinds >= self.kinds), "order_id")
        baskets = known.group_by("order_id", "sku_id").agg(x=(_.qty / _.whole).sum().sqrt())
        size = baskets.agg(size=_.order_id.nunique())
        mean = baskets.group_by("sku_id").agg(total=_.x.sum()).cross_join(size)
        mean = mean.select("sku_id", m=_.total / _.size.nullif(0))
        shape = (
            baskets.join(mean, "sku_id")
            .group_by("order_id")
            .agg(along=(_.x * _.m).sum())
            .cross_join(mean.agg(mean=(_.m * _.m).sum()))
        )
        return baskets, shape

    def _at_random(self, orders: ir.Table) -> ir.Table:
        """Each order with one of another owner from elsewhere, some places further on."""
        turn = ibis.row_number().over(order_by=["ip", "order_id"])
        numbered = orders.mutate(turn=turn)
        later = numbered.select(
            other="order_id", other_ip="ip", other_principal="principal", turn=_.turn - 7
        )
        pairs = numbered.join(later, "turn")
        return pairs.filter(_.ip != _.other_ip, _.principal != _.other_principal).select(
            "bureau", "retailer_id", "order_id", "ip", "other", "other_principal"
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"当日与本户前后脚从同一网址订货的还有{row['others']}个经营者，"
            f"所订的规格和各规格的比例很相近；当日任取互不相干的两户，这样相近的{rarity(row['surprise'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", ip="link")
        orders = self._orders(facts, on).join(wanted, ["ip", "bureau"])
        own = found.select("subject_id", "order_id")
        lines = facts.lines.filter(_.day == on).join(own, "order_id")
        return stacked(
            rows_of(orders, "orders", "day", "at", "order_id", "retailer_id"),
            rows_of(lines, "lines", "day", "order_id", "sku_id", "qty"),
        )


def _cosines(pairs: ir.Table, baskets: ir.Table, shape: ir.Table) -> ir.Table:
    """Pairs (order_id, other) with the cosine of their baskets, both less the day's mean."""
    theirs = baskets.select("sku_id", other="order_id", y="x")
    key = pairs.columns
    both = pairs.join(baskets, "order_id").left_join(theirs, ["other", "sku_id"])
    dots = both.group_by([_[name] for name in key]).agg(dot=(_.x * ibis.coalesce(_.y, 0.0)).sum())
    of_other = shape.select(other="order_id", other_along="along")
    told = dots.join(shape, "order_id").join(of_other, "other")
    length = (1 - 2 * _.along + _.mean) * (1 - 2 * _.other_along + _.mean)
    near = ibis.greatest(length, 1e-9).sqrt()
    return told.mutate(cosine=(_.dot - _.along - _.other_along + _.mean) / near)
