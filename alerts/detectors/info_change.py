import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.approvals import with_approval
from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from sources.facts import Facts

WHAT = {"phone": "订货电话", "account": "结算账户", "type": "客户类别"}


@dataclass(frozen=True, kw_only=True)
class InfoChange(Detector):
    key = "info_change"
    code = "CUS-01"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    statutory = True
    weight = 1.0
    inputs = (
        "changes.retailer_id", "changes.day", "changes.field", "changes.new_value",
        "changes.old_value", "changes.operator", "changes.approver", "changes.bureau",
        "changes.batch_id", "changes.row_no",
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no", "retailers.bureau",
        "staff.staff_id", "staff.name", "staff.role",
    )  # fmt: skip
    optional = (
        "changes.old_value", "changes.operator", "changes.approver", "staff.staff_id",
        "staff.name", "staff.role",
    )  # fmt: skip

    title = "订货电话、账户或类别变更频繁"
    looks_for = (
        "一段时间内订货电话、结算账户、客户类别变更多次，或换电话、账户后几天内就有较大订单。"
    )
    why_it_matters = (
        "换了电话和账户再订货，订货权可能已不在持证人手里；随意变更客户信息为国家局所禁止。"
    )
    innocent_causes = "换手机号、换银行卡且已报备；登记有误的更正；经营者家庭内部交接。"
    next_steps = (
        "一、调取变更申请单，看操作人、审批人和依据；"
        "二、按变更前后的两个号码分别联系，核实近90天由谁订货和付款。"
    )
    deviation = "档案变更{:.0f}次"
    measure = "times"

    changes: int = param(
        2,
        help="变更次数达到（含）",
        unit="次",
        low=1,
        high=10,
        source="国烟专〔2011〕49号；次数为本系统设定",
    )
    within: int = param(
        90, help="统计多少天内的变更", unit="天", low=7, high=365, source="本系统设定"
    )
    before: int = param(
        3, help="订货前多少天以内（含）的变更", unit="天", low=0, high=30, source="本系统设定"
    )
    cartons: float = param(
        20, help="变更后的订单达到（含）", unit="条", low=1, high=500, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        judged = with_approval(self._changes(facts, on), facts.staff)
        changes = with_news(judged, facts.orders, on)
        counted = changes.group_by("bureau", "retailer_id").agg(
            times=_.count(),
            is_new=_.is_new.any(),
            phone=(_.field == "phone").cast("int64").sum(),
            account=(_.field == "account").cast("int64").sum(),
            type=(_.field == "type").cast("int64").sum(),
            by_manager=(_.bare & _.by_manager).any(),
            taken_on=_.day.max(where=_.field != "type"),
        )
        orders = facts.orders.filter(_.day == on).group_by("retailer_id").agg(qty=_.qty.max())
        found = counted.left_join(orders, "retailer_id").mutate(
            qty=ibis.coalesce(_.qty, 0.0),
            days=-_.taken_on.delta(ibis.date(on), unit="day"),
            often=(_.times >= self.changes) & _.is_new,
        )
        soon = ibis.coalesce(_.days <= self.before, False)
        found = found.mutate(ordered=(_.qty >= self.cartons) & soon)
        size = facts.retailers.group_by("bureau").agg(size=_.count())
        rank = ibis.cume_dist().over(group_by="bureau", order_by=_.times.desc())
        rare = found.mutate(as_often=rank * _.count().over(group_by="bureau"))
        return (
            rare.join(size, "bureau")
            .filter(_.often | _.ordered)
            .select(
                "times",
                "phone",
                "account",
                "type",
                "days",
                "qty",
                "often",
                "ordered",
                "by_manager",
                subject_id=_.retailer_id,
                surprise=((ibis.greatest(_.size, _.as_often) + 1) / (_.as_often + 1)).log10(),
            )
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        counts = [f"{words}变更{row[field]}次" for field, words in WHAT.items() if row[field]]
        text = f"近{self.within}天内" + "、".join(counts)
        if row["ordered"]:
            day = "当天" if not row["days"] else f"{row['days']}天后"
            text += f"，换电话或账户{day}订购{row['qty']:.0f}条"
        if row["by_manager"]:
            text += "；其中有客户经理操作而没有他人审批的"
        return text + "。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id")
        orders = facts.orders.filter(_.day > on - dt.timedelta(days=28), _.day <= on)
        changes = self._changes(facts, on)
        return stacked(
            rows_of(
                changes.join(wanted, changes.retailer_id == wanted.subject_id),
                "changes", "day", "field", "operator", "approver",
            ),
            rows_of(
                orders.join(wanted, orders.retailer_id == wanted.subject_id),
                "orders", "day", "order_id", "qty",
            ),
        )  # fmt: skip

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:
        return bool(row["by_manager"])

    def _changes(self, facts: Facts, on: dt.date) -> ir.Table:
        """Real changes of these fields in the days that count, today's included."""
        since = on - dt.timedelta(days=self.within)
        changed = ibis.coalesce(_.old_value, "") != ibis.coalesce(_.new_value, "")
        return facts.changes.filter(_.day > since, _.day <= on, _.field.isin(list(WHAT)), changed)
