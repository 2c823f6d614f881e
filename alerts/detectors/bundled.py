import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Bundled(Detector):
    key = "bundled"
    code = "INT-07"
    family = "INT"
    scope = "bureau"
    subject = "staff"
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.bureau", "lines.batch_id", "lines.row_no", "retailers.retailer_id",
        "retailers.manager_id", "skus.sku_id", "skus.sku_name", "skus.market_state",
    )  # fmt: skip
    optional = ("skus.sku_name",)

    title = "紧俏品与滞销品成套订购"
    looks_for = "同一客户经理的户当日凡订某个紧俏规格的，多半同时订了同样数量的某个滞销规格。"
    why_it_matters = "以紧俏带滞销是捆绑搭售，增加零售户负担。"
    innocent_causes = "两个规格同时上新或同做促销；推荐订单被照单采用；当地两种烟本来一起卖。"
    next_steps = (
        "一、由市局或县局内管电话抽问五户以上是否自愿、有无被要求搭配；"
        "二、调取该经理当日发布的订货通知。"
    )
    deviation = "{:.0f}户成套订购"
    measure = "both"

    lift: float = param(
        0.4, help="订紧俏品的户多订滞销品的比例超过", unit="比例", low=0.05, high=1,
        source="domain §4.8（设计）",
    )  # fmt: skip
    shops: int = param(
        10, help="成套订购的户达到（含）", unit="户", low=3, high=500, source="本系统设定"
    )
    alike: float = param(
        0.8, help="其中滞销品数量相同的（含）", unit="比例", low=0.3, high=1, source="本系统设定"
    )
    rarity: float = param(
        4.5, help="成套订购的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a manager, for the pair of products that most of the shops took together."""
        lines = self._lines(facts, on)
        who = ["bureau", "manager_id"]
        shops = self._all(facts, on).group_by(who).agg(active=_.retailer_id.nunique())
        tight = lines.filter(_.market_state == "紧俏").select(*who, "retailer_id", tight="sku_id")
        slow = lines.filter(_.market_state == "滞销").select(
            *who, "retailer_id", "qty", slow="sku_id"
        )
        tight, slow = (
            tight.distinct(),
            slow.group_by(*who, "retailer_id", "slow").agg(qty=_.qty.sum()),
        )
        takers = tight.group_by(*who, "tight").agg(takers=_.retailer_id.nunique())
        slows = slow.group_by(*who, "slow").agg(slows=_.retailer_id.nunique())
        pairs = tight.join(slow, [*who, "retailer_id"])
        sizes = pairs.group_by(*who, "tight", "slow", "qty").agg(same=_.retailer_id.nunique())
        both = sizes.group_by(*who, "tight", "slow").agg(
            both=_.same.sum(), same=_.same.max(), qty=_.qty.argmax(_.same)
        )
        told = both.join(takers, [*who, "tight"]).join(slows, [*who, "slow"]).join(shops, who)
        # against all of the manager's shops that ordered, as the rule has it
        told = told.mutate(given=_.both / _.takers, usual=_.slows / _.active)
        told = told.filter(
            _.given - _.usual > self.lift, _.both >= self.shops, _.same >= _.both * self.alike
        )
        order = [_.both.desc(), _.tight, _.slow]
        place = ibis.row_number().over(group_by=who, order_by=order)
        worst = told.mutate(place=place).filter(_.place == 0)
        names = facts.skus.select("sku_id", "sku_name")
        named = worst.left_join(names.rename(tight_name="sku_name"), worst.tight == names.sku_id)
        named = named.drop("sku_id").left_join(names, _.slow == names.sku_id)
        return named.select(
            "bureau", "tight", "slow", "takers", "both", "same", "qty", "given", "usual",
            subject_id=_.manager_id, first=ibis.coalesce(_.tight_name, _.tight),
            second=ibis.coalesce(_.sku_name, _.slow),
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"该客户经理的户当日订{row['first'][:20]}的{row['takers']}户中有{row['both']}户"
            f"同时订了{row['second'][:20]}（{row['same']}户都是{cartons(row['qty'])}），"
            f"全部订货户中只有{row['usual']:.0%}订它。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", "slow", manager_id="subject_id")
        mine = self._lines(facts, on).join(wanted, ["bureau", "manager_id"])
        mine = mine.filter(_.sku_id == _.slow)
        return stacked(rows_of(mine, "lines", "day", "order_id", "retailer_id", "sku_id", "qty"))

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def _all(self, facts: Facts, on: dt.date) -> ir.Table:
        lines = facts.lines.filter(_.day == on, _.qty > 0)
        whose = facts.retailers.filter(_.manager_id.notnull()).select("retailer_id", "manager_id")
        return lines.join(whose, "retailer_id")

    def _lines(self, facts: Facts, on: dt.date) -> ir.Table:
        """The day's lines of scarce and of slow products."""
        states = facts.skus.filter(_.market_state.isin(["紧俏", "滞销"]))
        states = states.select("sku_id", "market_state")
        return self._all(facts, on).join(states, "sku_id")
