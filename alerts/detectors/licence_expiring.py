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
from alerts.licensing import SUSPENDED, held
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class LicenceExpiring(Detector):
    key = "licence_expiring"
    code = "LIC-02"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    weight = -3.0  # a reminder for the licence clerk, never an alert by itself: the ledger lists it
    worklist = True
    inputs = (
        "licences.licence_no", "licences.retailer_id", "licences.valid_to", "licences.status",
        "licences.bureau", "licences.batch_id", "licences.row_no", "orders.retailer_id",
        "orders.day", "orders.bureau", "retailers.retailer_id", "retailers.licence_no",
    )  # fmt: skip
    optional = ("licences.retailer_id", "licences.status", "retailers.licence_no")

    title = "许可证即将到期"
    looks_for = "近期订过货的零售户，许可证离到期还有六十天、三十天，且没有接续的新证；各提醒一次。"
    why_it_matters = "到期三十天前应申请延续，逾期仍供货就成了无证供货；早提醒，少差错。"
    innocent_causes = "延续申请已受理尚未换证；经营者打算歇业；新证已办未同步。"
    next_steps = "一、把名单送许可证岗核对延续申请；二、三十天内仍未申请的，电话提醒经营者。"
    deviation = "许可证将到期，没有大小之分"

    early: int = param(
        60, help="第一次提醒在到期前", unit="天", low=31, high=180, source="domain：到期前60天"
    )
    late: int = param(
        30,
        help="第二次提醒在到期前",
        unit="天",
        low=1,
        high=90,
        source="许可证管理办法（30日前申请）",
    )
    weeks: int = param(
        13, help="近几周订过货的才列", unit="周", low=1, high=52, source="本系统设定"
    )
    surprise: float = param(1.0, help="罕见程度按", unit="lg", low=0, high=6, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        live = held(facts).filter(
            _.valid_to >= on, ~ibis.coalesce(_.status, "").isin(list(SUSPENDED))
        )
        newest = live.group_by("bureau", "retailer_id").agg(valid_to=_.valid_to.max())
        parts = [
            newest.mutate(
                ahead=ibis.literal(days, type="int64"),
                day=(_.valid_to - ibis.interval(days=days)).cast("date"),
            )
            for days in (self.early, self.late)
        ]
        due = with_news(ibis.union(*parts), facts.orders, on).filter(_.is_new)
        since = on - dt.timedelta(weeks=self.weeks)
        bought = facts.orders.filter(_.day > since, _.day <= on)
        return (
            due.semi_join(bought, "retailer_id")
            .group_by("retailer_id")
            .agg(valid_to=_.valid_to.max(), ahead=_.ahead.min())
            .select(
                "valid_to",
                "ahead",
                subject_id=_.retailer_id,
                surprise=ibis.literal(self.surprise),
            )
        )

    def size(self, row: Mapping[str, Any]) -> float:  # noqa: ARG002
        return 1.0

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"许可证{date(row['valid_to'])}到期，离到期不超过{row['ahead']}天，还没有接续的新证。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "valid_to", retailer_id="subject_id")
        mine = held(facts).filter(_.valid_to >= on).join(wanted, ["retailer_id", "valid_to"])
        mine = mine.mutate(day=_.valid_to)
        return stacked(rows_of(mine, "licences", "day", "licence_no", "status"))
