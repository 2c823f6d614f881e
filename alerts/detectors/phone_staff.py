import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class PhoneStaff(Detector):
    key = "phone_staff"
    code = "BEH-03"
    family = "LINK"
    scope = "all"  # the member of staff may belong to another county or the city
    subject = "retailer"
    shares = "电话"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.bureau", "orders.batch_id",
        "orders.row_no", "retailers.retailer_id", "retailers.phone", "retailers.bureau",
        "retailers.batch_id", "retailers.row_no", "staff.staff_id", "staff.role", "staff.phone",
    )  # fmt: skip
    optional = ("staff.role",)

    title = "订货电话是内部人员的号码"
    looks_for = "当日订货的零售户，登记的订货电话与本系统内部人员登记的电话相同。"
    why_it_matters = "订货确认电话打到内部人员手里，零售户可能不知道自己订了什么。"
    innocent_causes = "内部人员的亲属开店且已申报；登记时误填了客户经理的号码。"
    next_steps = (
        "一、由市局或县局内管直接到店向持证人核实近4周订货，不先告知当事人员；"
        "二、调取电话登记和变更的操作记录。"
    )
    deviation = "与内部人员同号{:.0f}户"
    measure = "shops"

    surprise: float = param(6.0, help="罕见程度按", unit="lg", low=1, high=12, source="本系统回测")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        members = (
            facts.staff.filter(_.phone.notnull())
            .group_by("phone")
            .agg(staff_id=_.staff_id.min(), role=_.role.min())
        )
        shops = facts.retailers.join(members, "phone")
        shared = shops.group_by("phone").agg(shops=_.retailer_id.nunique())
        ordered = facts.orders.filter(_.day == on).select("retailer_id").distinct()
        return (
            shops.semi_join(ordered, "retailer_id")
            .join(shared, "phone")
            .select(
                "bureau",
                "staff_id",
                "shops",
                subject_id=_.retailer_id,
                role=ibis.coalesce(_.role, "内部人员"),
                link=_.phone,
                surprise=ibis.literal(self.surprise),
            )
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        more = f"，同号的零售户共{row['shops']}户" if row["shops"] > 1 else ""
        return f"本户登记的订货电话与一名工作人员登记的电话相同{more}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "staff_id")
        since = on - dt.timedelta(weeks=4)
        shops, orders = facts.retailers, facts.orders.filter(_.day > since, _.day <= on)
        return stacked(
            rows_of(
                shops.join(wanted, shops.retailer_id == wanted.subject_id),
                "retailers", "retailer_id", "staff_id",
            ),
            rows_of(
                orders.join(wanted, orders.retailer_id == wanted.subject_id),
                "orders", "day", "retailer_id", "order_id",
            ),
        )  # fmt: skip

    def floor(self, row: Mapping[str, Any]) -> str | None:  # noqa: ARG002
        return "红"

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True
