import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.seizing import traced
from alerts.wording import cartons, date
from sources.facts import Facts

YEAR = dt.timedelta(days=365)
SPAN = 8  # weeks of orders compared before and after


@dataclass(frozen=True, kw_only=True)
class SupplyKept(Detector):
    key = "supply_kept"
    code = "CASE-04"
    family = "CASE"
    scope = "all"
    subject = "retailer"
    inputs = (
        "seizures.case_no", "seizures.day", "seizures.known_on", "seizures.place",
        "seizures.code32", "seizures.sku_id", "seizures.qty", "seizures.licence_no",
        "seizures.bureau", "seizures.batch_id", "seizures.row_no", "retailers.retailer_id",
        "retailers.licence_no", "retailers.bureau", "licences.licence_no", "licences.retailer_id",
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.tier",
        "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip
    optional = (
        "seizures.place", "seizures.code32", "seizures.sku_id", "seizures.licence_no",
        "retailers.licence_no", "licences.licence_no", "licences.retailer_id", "orders.tier",
    )  # fmt: skip

    title = "外流查实后供货未调整"
    looks_for = (
        "一年内在外查获的卷烟中指向本户的达到规定条数或两起以上，最近一起获知后满一个评价周期，"
        "档位没有下调，订货量也没有明显减少。行政处罚没有导入文件，以查获反馈代替。"
    )
    why_it_matters = "外流户照旧供货，等于查而不处；投放部门应当按规定降档、减供或说明理由。"
    innocent_causes = (
        "案件经复核不是本户责任；已决定减供，下一周期才执行；当地客户评价按季调整，尚未到期。"
    )
    next_steps = (
        "一、向营销部门发反馈单，要求说明该户档位和投放为何未调整；"
        "二、核对会商意见和客户评价记录；"
        "三、确认不是本户责任的，办结时注明依据。"
    )
    deviation = "查实后近八周仍订{:.0f}条"
    measure = "now"

    cartons: float = param(
        50, help="一年内查获达到（含）", unit="条", low=1, high=5000, source="domain CASE-01"
    )
    cases: int = param(2, help="或达到（含）", unit="起", low=1, high=50, source="domain CASE-01")
    weeks: int = param(
        13, help="获知后满多少周为一个评价周期", unit="周", low=4, high=52, source="本系统设定"
    )
    kept: float = param(
        0.8, help="近八周订货量达到获知前八周的（含）即未减少", unit="比例", low=0.1, high=1,
        source="本系统设定",
    )  # fmt: skip
    rarity: float = param(3.0, help="罕见程度按", unit="lg", low=1, high=12, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop, in the night in which its cycle is over: cases, qty, known, then, now,
        tier_then, tier_now."""
        told = self._due(facts, on).join(facts.orders, "retailer_id")
        weeks = ibis.interval(days=SPAN * 7)
        before = (_.day < _.known) & (_.day >= _.known - weeks)
        since = on - dt.timedelta(weeks=SPAN)
        supplied = told.group_by("retailer_id", "home", "cases", "seized", "known").agg(
            then=_.qty.sum(where=before),
            now=_.qty.sum(where=(_.day > since) & (_.day <= on)),
            tier_then=_.tier.argmax(_.day, where=_.day < _.known),
            tier_now=_.tier.argmax(_.day, where=_.day <= on),
        )
        lowered = ibis.coalesce(_.tier_now < _.tier_then, False)
        return supplied.filter(_.then > 0, _.now >= _.then * self.kept, ~lowered).select(
            "cases", "seized", "known", "then", "now", "tier_then", "tier_now",
            subject_id=_.retailer_id, bureau=_.home,
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def _due(self, facts: Facts, on: dt.date) -> ir.Table:
        """retailer_id, home, cases, seized (cartons) and known of shops whose cycle is over now."""
        cycle = dt.timedelta(weeks=self.weeks)
        seized = traced(facts, on - cycle - YEAR, on)
        sums = seized.mutate(known=ibis.coalesce(_.known_on, _.day)).group_by("retailer_id", "home")
        shops = sums.agg(cases=_.case_no.nunique(), seized=_.qty.sum(), known=_.known.max())
        over = (_.cases >= self.cases) | (_.seized >= self.cartons)
        ends = shops.filter(over).mutate(
            day=(_.known + ibis.interval(days=cycle.days)).cast("date")
        )
        return with_news(ends, facts.orders, on, by=None).filter(_.is_new).drop("day", "is_new")

    def sentence(self, row: Mapping[str, Any]) -> str:
        tier = ""
        if row["tier_now"] is not None and row["tier_then"] is not None:
            tier = f"档位由{row['tier_then']}档到{row['tier_now']}档，"
            if row["tier_now"] == row["tier_then"]:
                tier = f"档位仍为{row['tier_now']}档，"
        return (
            f"本户条码的卷烟一年内在外查获{row['cases']}起、共{cartons(row['seized'])}，"
            f"{date(row['known'])}获知最近一起；满{self.weeks}周后，{tier}近{SPAN}周订货"
            f"{row['now']:.0f}条，为获知前{SPAN}周的{row['now'] / row['then']:.0%}，供货未见调整。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", wanted="bureau", since="known")
        seized = traced(facts, on - dt.timedelta(weeks=self.weeks) - YEAR, on)
        mine = seized.join(wanted, seized.retailer_id == wanted.subject_id)
        orders = facts.orders.filter(_.day > on - dt.timedelta(weeks=SPAN), _.day <= on)
        later = orders.join(wanted, orders.retailer_id == wanted.subject_id)
        return stacked(
            rows_of(
                mine.filter(_.bureau == _.wanted),
                "seizures", "day", "case_no", "place", "code32", "sku_id", "qty",
            ),
            rows_of(later, "orders", "order_id", "day", "qty", "tier"),
        )  # fmt: skip

    def floor(self, row: Mapping[str, Any]) -> str:  # noqa: ARG002
        return "黄"
