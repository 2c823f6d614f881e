import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import CYCLES, LOOK_BACK
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import rank_surprise
from sources.facts import Facts

TIGHT = "紧俏"
FAST = "顺销"


@dataclass(frozen=True, kw_only=True)
class SkuSurge(Detector):
    key = "sku_surge"
    code = "STR-02"
    family = "STRUCT"
    scope = "bureau"
    subject = "retailer"
    judges = ("grave",)
    inputs = (
        "orders.retailer_id", "orders.day", "orders.bureau",
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.bureau", "lines.batch_id", "lines.row_no", "skus.sku_id", "skus.sku_name",
        "skus.wholesale_price", "skus.market_state", "skus.is_focus", "retailers.retailer_id",
        "retailers.order_cycle_weeks",
    )  # fmt: skip
    optional = (
        "skus.sku_name", "skus.market_state", "skus.is_focus", "retailers.order_cycle_weeks",
    )  # fmt: skip

    title = "单规格订购突增"
    looks_for = (
        "某个规格本次订购量超过本户前3个订货周期平均数的规定倍数；"
        "紧俏、重点规格从严，全县同日都多订的不计。"
    )
    why_it_matters = "总量不变而某个紧俏或高价规格突然多订，常是替人集中收货的先兆。"
    innocent_causes = "新品上市或到货不均衡集中投放；婚宴、升学宴指定用烟；单位团购；上期断货补订。"
    next_steps = (
        "一、当日电话询问该规格的用途；"
        "二、两个工作日内到店盘点该规格库存，对照外流反馈中有无同规格。"
    )
    deviation = "单规格订货为平时的{:.1f}倍"
    measure = "times"

    tight: float = param(
        3.0, help="紧俏或重点规格超过", unit="倍", low=1, high=20, source="domain STR-02"
    )
    fast: float = param(
        3.5, help="顺销且批发价达到顺销价的规格超过", unit="倍", low=1, high=20,
        source="domain STR-02",
    )  # fmt: skip
    other: float = param(
        5.0, help="其他规格超过", unit="倍", low=1, high=20, source="domain STR-02"
    )
    fast_price: float = param(
        200, help="顺销价（含）", unit="元/条", low=0, high=2000, source="domain STR-02"
    )
    high_price: float = param(
        600, help="高价（含）", unit="元/条", low=100, high=5000, source="domain STR-02"
    )
    grave: float = param(
        4.0, help="紧俏或重点的高价规格超过即为黄色", unit="倍", low=1, high=20,
        source="domain STR-02",
    )  # fmt: skip
    least_high: float = param(
        5, help="高价规格本次达到（含）", unit="条", low=1, high=500, source="domain STR-02"
    )
    least_middle: float = param(
        10, help="顺销价至高价之间的规格本次达到（含）", unit="条", low=1, high=500,
        source="domain STR-02",
    )  # fmt: skip
    least_low: float = param(
        20, help="顺销价以下的规格本次达到（含）", unit="条", low=1, high=500,
        source="domain STR-02",
    )  # fmt: skip
    together: float = param(
        1.6, help="全县当日订同规格的户一般（中位）超过此数视为普涨，不计", unit="倍", low=1, high=10,
        source="domain 4.0",
    )  # fmt: skip

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop, its most grown product: qty, mean, times, middle, price, kinds, surprise."""
        goods = self._goods(facts)
        compared = self._compared(facts, on).join(goods, "sku_id").mutate(over=_.times / _.line)
        middles = compared.group_by("bureau", "sku_id").agg(middle=_.times.median())
        compared = compared.join(middles, ["bureau", "sku_id"])
        over = compared.filter(_.qty >= _.least, _.times > _.line, _.middle <= self.together)
        order = [_.over.desc(), _.sku_id]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        top = over.mutate(place=place, kinds=_.count().over(group_by="retailer_id"))
        ranks = compared.group_by("bureau", "retailer_id").agg(
            most=_.over.max(where=_.qty >= _.least)
        )
        ranks = ranks.mutate(surprise=rank_surprise(ibis.coalesce(_.most, 0.0), by="bureau"))
        told = top.filter(_.place == 0).join(ranks.drop("bureau"), "retailer_id")
        return told.select(
            "sku_id", "name", "state", "price", "qty", "mean", "times", "middle", "kinds",
            "is_watched", "surprise", subject_id=_.retailer_id,
        )  # fmt: skip

    def _goods(self, facts: Facts) -> ir.Table:
        """sku_id, name, state (in words), price (fen), line (times) and least (cartons)."""
        skus = facts.skus.group_by("sku_id").agg(
            name=_.sku_name.max(),
            price=_.wholesale_price.max(),
            market=ibis.coalesce(_.market_state.max(), ""),
            focus=ibis.coalesce(_.is_focus.cast("int64").max(), 0),
        )
        fast, high = self.fast_price * 100, self.high_price * 100
        return skus.select(
            "sku_id",
            "price",
            name=ibis.coalesce(_.name, _.sku_id),
            is_watched=(_.market == TIGHT) | (_.focus == 1),
            state=ibis.cases((_.focus == 1, "重点"), else_=_.market),
            line=ibis.cases(
                ((_.market == TIGHT) | (_.focus == 1), self.tight),
                ((_.market == FAST) & (_.price >= fast), self.fast),
                else_=self.other,
            ),
            least=ibis.cases(
                (_.price >= high, self.least_high),
                (_.price >= fast, self.least_middle),
                else_=self.least_low,
            ),
        )

    def _compared(self, facts: Facts, on: dt.date) -> ir.Table:
        """Today's lines of what the shop has bought in its last three cycles: qty, mean, times."""
        monday = on - dt.timedelta(days=on.weekday())
        week = (6 - _.day.delta(ibis.date(monday), unit="day")) // 7
        half_year = (_.day > on - LOOK_BACK) & (_.day < monday)
        weeks = facts.orders.filter(half_year).group_by("bureau", "retailer_id", week=week).agg()
        places = weeks.group_by("bureau", "week").agg()
        places = places.mutate(place=ibis.row_number().over(group_by="bureau", order_by="week"))
        known = weeks.join(places, ["bureau", "week"]).group_by("retailer_id")
        cycles = facts.retailers.select(
            "retailer_id", cycle=ibis.coalesce(_.order_cycle_weeks, 1).clip(1, 4)
        )
        shops = known.agg(oldest=_.place.max()).join(cycles, "retailer_id")
        shops = shops.filter(_.oldest >= (CYCLES - 1) * _.cycle)  # no new ones

        goods = ["bureau", "retailer_id", "sku_id"]
        sold = facts.lines.filter(_.qty > 0)
        today = sold.filter(_.day == on).group_by(goods).agg(qty=_.qty.sum())
        earlier = sold.filter(half_year).semi_join(today, ["retailer_id", "sku_id"])
        weekly = earlier.group_by(*goods, week=week).agg(past=_.qty.sum())
        placed = weekly.join(places, ["bureau", "week"]).join(shops, "retailer_id")
        past = placed.filter(_.place < CYCLES * _.cycle).group_by(goods).agg(past=_.past.sum())
        both = today.join(past, goods)
        return both.mutate(mean=_.past / CYCLES, times=_.qty * CYCLES / _.past)

    def sentence(self, row: Mapping[str, Any]) -> str:
        state = f"{row['state']}规格" if row["state"] else ""
        more = f"，另有{row['kinds'] - 1}个规格同样突增" if row["kinds"] > 1 else ""
        return (
            f"{state}{row['name'][:20]}（每条{row['price'] / 100:.0f}元）本次订{row['qty']:.0f}条，"
            f"前{CYCLES}个周期平均{row['mean']:.1f}条，为其{row['times']:.2f}倍；"
            f"全县当日订它的户一般为各自平均的{row['middle']:.2f}倍{more}。"
        )

    def floor(self, row: Mapping[str, Any]) -> str | None:
        """Watched products that jump are always listed: the rarest of a small county's few shops
        of a day is not rare enough for a place."""
        if not row.get("is_watched"):
            return None
        is_high = row["price"] >= self.high_price * 100
        return "黄" if is_high and row["times"] > self.grave else "蓝"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "sku_id")
        recent = facts.lines.filter(_.day > on - dt.timedelta(weeks=13), _.day <= on)
        mine = recent.join(
            wanted, [recent.retailer_id == wanted.subject_id, recent.sku_id == wanted.sku_id]
        )
        return stacked(rows_of(mine, "lines", "day", "order_id", "sku_id", "qty"), most=20)
