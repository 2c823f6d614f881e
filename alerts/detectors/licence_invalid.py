import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.licensing import held, on_days
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class LicenceInvalid(Detector):
    key = "licence_invalid"
    code = "LIC-01/02/03"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no", "retailers.retailer_id", "retailers.licence_no",
        "retailers.bureau", "licences.licence_no", "licences.retailer_id", "licences.valid_from",
        "licences.valid_to", "licences.status", "licences.status_date", "licences.bureau",
        "licences.batch_id", "licences.row_no", "changes.retailer_id", "changes.day",
        "changes.field", "changes.new_value",
    )  # fmt: skip
    optional = (
        "retailers.licence_no", "licences.retailer_id", "licences.valid_from", "licences.status",
        "licences.status_date", "changes.retailer_id", "changes.day", "changes.field",
        "changes.new_value",
    )  # fmt: skip

    title = "订货当日许可证无效"
    looks_for = "订货当日没有有效许可证：查无此证、已过有效期，或处于停业、歇业、注销、收回等状态。"
    why_it_matters = "不得向无有效许可证的户供货；停歇业期间仍有订单，货可能由别人订走。"
    innocent_causes = "延续申请已受理尚未换证；恢复营业、换号后两系统未同步；补办期间的在途订单。"
    next_steps = (
        "一、当日与专卖核对证照状态和延续受理情况；"
        "二、确属无效的，当日通知营销停止供货，并追查近6周订单的签收人。"
    )
    deviation = "许可证无效而订货{:.0f}条"
    measure = "qty"

    grace: int = param(
        30, help="过期多少天以内（含）按橙色", unit="天", low=0, high=90, source="本系统设定"
    )
    base: float = param(
        2.2, help="一周无证订货的罕见程度", unit="lg", low=0, high=6, source="本系统回测"
    )
    per_week: float = param(0.9, help="每多一周加", unit="lg", low=0, high=3, source="本系统回测")
    weeks: int = param(6, help="往前查看", unit="周", low=1, high=26, source="本系统回测")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        known = facts.retailers.semi_join(facts.licences, "bureau")  # else no licence book at all
        since = on - dt.timedelta(weeks=self.weeks)
        orders = facts.orders.filter(_.day > since, _.day <= on)
        days = (
            orders.group_by("retailer_id", "day")
            .agg(qty=_.qty.sum())
            .semi_join(known, "retailer_id")
        )
        resumed = facts.changes.filter(
            _.field == "licence_status", _.new_value.isin(["有效", "正常"])
        ).select("retailer_id", resumed_on="day")
        stood = on_days(days.select("retailer_id", "day"), held(facts), resumed)
        judged = days.left_join(stood, ["retailer_id", "day"])
        bad = judged.filter(~ibis.coalesce(_.valid, False))
        past = bad.group_by("retailer_id").agg(
            weeks=(-_.day.delta(ibis.date(on), unit="day") // 7).nunique()  # back from this day
        )
        return (
            bad.filter(_.day == on)
            .select("retailer_id", "qty", "licence_no", "valid_to", "status", "status_date")
            .join(past, "retailer_id")
            .select(
                "licence_no",
                "valid_to",
                "status",
                "status_date",
                "weeks",
                subject_id=_.retailer_id,
                qty=ibis.coalesce(_.qty, 0.0),
                late=-_.valid_to.delta(ibis.date(on), unit="day"),
                surprise=self.base + self.per_week * _.weeks.cast("float64"),
            )
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        if row["licence_no"] is None:
            state = "查不到本户的许可证"
        elif row["status"]:
            since = f"自{row['status_date']:%Y-%m-%d}起" if row["status_date"] else ""
            state = f"许可证{since}为“{row['status']}”状态"
        else:
            state = f"许可证有效期至{row['valid_to']:%Y-%m-%d}，已过{row['late']}天"
        text = f"当日订购{row['qty']:.0f}条，{state}"
        return text + (
            f"；近{self.weeks}周有{row['weeks']}周如此订货。" if row["weeks"] > 1 else "。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        since = on - dt.timedelta(weeks=self.weeks)
        orders = facts.orders.filter(_.day > since, _.day <= on).join(wanted, "retailer_id")
        licences = held(facts).join(wanted, "retailer_id")
        return stacked(
            rows_of(
                licences,
                "licences",
                "licence_no",
                "valid_from",
                "valid_to",
                "status",
                "status_date",
            ),
            rows_of(orders, "orders", "day", "order_id", "qty"),
        )

    def floor(self, row: Mapping[str, Any]) -> str | None:
        lapsed_lately = (
            row["licence_no"] is not None and not row["status"] and row["late"] <= self.grace
        )
        return "橙" if lapsed_lately else "红"
