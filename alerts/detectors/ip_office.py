import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import self_ordered
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class IpOffice(Detector):
    key = "ip_office"
    code = "BEH-01"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    shares = "办公网址"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.channel", "orders.ip",
        "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip

    title = "从公司办公网址订货"
    looks_for = "网上订货的网址，正是公司话务、代录电话订单所用的办公网址。"
    why_it_matters = "零售户的网上订单从公司办公场所发出，可能是内部人员替户下单。"
    innocent_causes = "零售户到公司办事时顺便订货；登记在案的现场培训；订货系统未记真实网址。"
    next_steps = (
        "一、由市局或县局内管直接向持证人核实当日在哪里、由谁订货，不先告知当事人员；"
        "二、调取登录日志和办公场所监控，列出该网址近8周的全部网上订单。"
    )
    deviation = "从办公网址订货{:.0f}次"
    measure = "times"

    days: int = param(
        5,
        help="代录电话订单达到几天（含）算办公网址",
        unit="天",
        low=1,
        high=100,
        source="本系统设定",
    )
    shops: int = param(
        5, help="代录的零售户达到（含）", unit="户", low=2, high=500, source="本系统设定"
    )
    surprise: float = param(5.0, help="罕见程度按", unit="lg", low=1, high=12, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        uses = self._uses(facts, on)
        today = uses.filter(_.day == on).group_by("bureau", "retailer_id", "ip").agg()
        mine = uses.group_by("retailer_id", "ip").agg(times=_.order_id.nunique())
        company = uses.group_by("ip").agg(shops=_.retailer_id.nunique())
        order = [_.times.desc(), _.ip]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        told = today.join(mine, ["retailer_id", "ip"]).join(company, "ip").mutate(place=place)
        return told.filter(_.place == 0).select(
            "bureau",
            "times",
            "shops",
            subject_id=_.retailer_id,
            link=_.ip,
            surprise=ibis.literal(self.surprise),
        )

    def _uses(self, facts: Facts, on: dt.date) -> ir.Table:
        """The quarter's orders that shops are said to have sent, from addresses of offices."""
        half = facts.orders.filter(_.day > on - dt.timedelta(weeks=26), _.day <= on, _.ip.notnull())
        clerks = half.filter(_.channel == "电话").group_by("ip")
        offices = clerks.agg(days=_.day.nunique(), shops=_.retailer_id.nunique()).filter(
            _.days >= self.days, _.shops >= self.shops
        )
        recent = self_ordered(half).filter(_.day > on - dt.timedelta(weeks=8))
        return recent.semi_join(offices, "ip")

    def sentence(self, row: Mapping[str, Any]) -> str:
        others = f"，同样的共{row['shops']}户" if row["shops"] > 1 else ""
        return (
            f"当日网上订货的网址与公司代录电话订单的办公网址相同；"
            f"近8周本户从这个网址订货{row['times']}次{others}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", retailer_id="subject_id", ip="link")
        mine = self._uses(facts, on).join(wanted, ["retailer_id", "ip", "bureau"])
        return stacked(rows_of(mine, "orders", "day", "order_id", "channel", "ip"))

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True
