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
from alerts.wording import date
from sources.facts import Facts

ROLES = ("客户经理", "送货员", "订单员", "专卖管理员", "内管员", "员工", "内部人员")


@dataclass(frozen=True, kw_only=True)
class SignStaff(Detector):
    key = "sign_staff"
    code = "DLV-02"
    family = "DELIV"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "deliveries.order_id", "deliveries.retailer_id", "deliveries.day", "deliveries.sign_by",
        "deliveries.bureau", "deliveries.batch_id", "deliveries.row_no", "orders.day",
        "orders.bureau", "staff.staff_id", "staff.name", "staff.role",
    )  # fmt: skip
    optional = ("staff.name", "staff.role")

    title = "送货由内部人员签收"
    looks_for = "上一订货日之后的送货，签收栏是内部人员的工号、姓名或岗位。"
    why_it_matters = "货由内部人员签走，是否到了持证人手里必须由上级核实。"
    innocent_causes = "签收栏误填了送货员；零售户不在场，送货员代点签收后放入店内并已告知；同名。"
    next_steps = (
        "一、由市局或县局内管直接向持证人核实货是否到店，不先告知当事人员；"
        "二、调取签收照片和位置，列出该人员近8周签收的全部订单。"
    )
    deviation = "由内部人员签收{:.0f}次"
    measure = "times"

    weeks: int = param(26, help="一并列出近", unit="周", low=1, high=52, source="本系统设定")
    surprise: float = param(6.0, help="罕见程度按", unit="lg", low=1, high=12, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        signed = self._signed(facts, on)
        times = signed.group_by("retailer_id").agg(times=_.order_id.nunique())
        newest = [_.day.desc(), _.order_id.desc()]
        place = ibis.row_number().over(group_by="retailer_id", order_by=newest)
        fresh = signed.filter(_.is_new).mutate(place=place).filter(_.place == 0)
        return fresh.join(times, "retailer_id").select(
            "day",
            "staff_id",
            "role",
            "times",
            subject_id=_.retailer_id,
            surprise=ibis.literal(self.surprise),
        )

    def _signed(self, facts: Facts, on: dt.date) -> ir.Table:
        """Deliveries that somebody of the staff signed, with who it was where that is told."""
        since = on - dt.timedelta(weeks=self.weeks)
        sent = facts.deliveries.filter(_.day > since, _.day <= on, _.sign_by.notnull())
        codes = facts.staff.select("staff_id", "role", signer="staff_id")
        names = facts.staff.filter(_.name.nullif("").notnull()).select(
            "staff_id", "role", signer="name"
        )
        people = (
            ibis.union(codes, names)
            .group_by("signer")
            .agg(staff_id=_.staff_id.min(), role=_.role.min())
        )
        named = sent.left_join(people, sent.sign_by == people.signer)
        own = named.filter(_.signer.notnull() | _.sign_by.isin(list(ROLES)))
        known = own.mutate(
            staff_id=ibis.coalesce(_.staff_id, ""),
            role=ibis.ifelse(_.signer.isnull(), _.sign_by, ibis.coalesce(_.role, "内部人员")),
        )
        return with_news(known, facts.orders, on)

    def sentence(self, row: Mapping[str, Any]) -> str:
        more = f"；近{self.weeks}周本户共{row['times']}次如此" if row["times"] > 1 else ""
        return f"{date(row['day'])}送货的签收人登记为工作人员{more}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        mine = self._signed(facts, on).join(
            found.select("subject_id", retailer_id="subject_id"), "retailer_id"
        )
        return stacked(rows_of(mine, "deliveries", "day", "order_id", "sign_by", "staff_id"))

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True
