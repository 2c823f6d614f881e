import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import date
from sources.facts import Facts

VALID = ("有效", "正常")
LOOK_BACK = 120  # days; a licence that stood idle for longer has been told
WEEKEND = 5


@dataclass(frozen=True, kw_only=True)
class LicenceIdle(Detector):
    key = "licence_idle"
    code = "LIC-05"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    # One or two a county and month: for sales and the licence clerk to chase, from the ledger. The
    # list has no place for it by itself.
    weight = -0.5
    worklist = True
    inputs = (
        "licences.licence_no", "licences.retailer_id", "licences.valid_from", "licences.status",
        "licences.bureau", "licences.batch_id", "licences.row_no", "orders.retailer_id",
        "orders.day", "orders.bureau", "retailers.retailer_id", "retailers.open_date",
        "calendar.week_start", "calendar.is_holiday_week", "calendar.orders_suspended",
    )  # fmt: skip
    optional = (
        "licences.status", "retailers.open_date", "calendar.week_start",
        "calendar.is_holiday_week", "calendar.orders_suspended",
    )  # fmt: skip

    title = "发证后逾期未入网订货"
    looks_for = "新发的许可证过了规定的工作日，仍没有客户档案或没有第一次订货；期限届满时列一次。"
    why_it_matters = "有证的户迟迟不供货是服务不公；一直不订货的证也可能只是留作他用的空壳。"
    innocent_causes = "店面还在装修；经营者暂不想订货；停业申请在办；换证后编码未对上。"
    next_steps = (
        "一、当日问营销入网办理到哪一步，催办并记下原因；"
        "二、逾期满一个月仍未订货的，到店看是否开业，转许可证岗。"
    )
    deviation = "发证后{:.0f}天没有订货"

    working_days: int = param(
        7,
        help="发证后应入网的工作日",
        unit="日",
        low=1,
        high=30,
        source="保山入网流程（7个工作日）",
    )
    rarity: float = param(2.5, help="罕见程度按", unit="lg", low=0, high=6, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        fresh = self._fresh(facts, on)
        late = fresh.join(self._deadlines(on), "valid_from")
        rest = facts.calendar.filter(
            ibis.coalesce(_.is_holiday_week, False) | ibis.coalesce(_.orders_suspended, False)
        ).select(free="week_start")
        weeks = late.left_join(
            rest.distinct(),
            [
                rest.free <= late.due,
                rest.free + ibis.interval(days=6) >= late.valid_from,
            ],
        )
        counted = weeks.group_by("bureau", "retailer_id", "licence_no", "valid_from", "due").agg(
            free=_.free.nunique()
        )
        ended = counted.mutate(
            day=(_.due + _.free * ibis.interval(days=7) + ibis.interval(days=1)).cast("date")
        )
        told = with_news(ended, facts.orders, on).filter(_.is_new)
        place = ibis.row_number().over(group_by="retailer_id", order_by="licence_no")
        shops = facts.retailers.select(known="retailer_id", opened="open_date")
        return (
            told.mutate(place=place)
            .filter(_.place == 0)
            .left_join(shops, _.retailer_id == shops.known)
            .filter(ibis.coalesce(_.opened >= _.valid_from - ibis.interval(days=60), True))
            .select(
                "licence_no",
                "valid_from",
                "day",
                subject_id=_.retailer_id,
                is_known=_.known.notnull(),
                surprise=ibis.literal(self.rarity),
            )
        )

    def _fresh(self, facts: Facts, on: dt.date) -> ir.Table:
        """First licences in force of holders who have not ordered."""
        since = on - dt.timedelta(days=LOOK_BACK)
        known = facts.licences.filter(_.retailer_id.notnull(), _.valid_from <= on)
        first = known.group_by("retailer_id").agg(first=_.valid_from.min())
        new = known.join(first, "retailer_id").filter(
            _.valid_from == _["first"],
            _.valid_from > since,
            ibis.coalesce(_.status, VALID[0]).isin(list(VALID)),
        )
        ordered = facts.orders.filter(_.day <= on)
        return new.anti_join(ordered, "retailer_id")

    def _deadlines(self, on: dt.date) -> ir.Table:
        """valid_from and due: the last of the working days after each day of the look-back."""
        days = [on - dt.timedelta(days=back) for back in range(LOOK_BACK)]
        due = [_after(day, self.working_days) for day in days]
        return ibis.memtable(pa.table({"valid_from": days, "due": due}))

    def size(self, row: Mapping[str, Any]) -> float:
        return float((row["day"] - row["valid_from"]).days)

    def sentence(self, row: Mapping[str, Any]) -> str:
        state = "已有客户档案，但没有订过货" if row["is_known"] else "营销系统还没有这一户"
        return (
            f"许可证自{date(row['valid_from'])}起有效，到{date(row['day'])}已过"
            f"{self.working_days}个工作日，{state}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:  # noqa: ARG002
        wanted = found.select("licence_no", "subject_id")
        mine = facts.licences.join(wanted, "licence_no")
        mine = mine.filter(_.retailer_id == _.subject_id)
        mine = mine.mutate(day=_.valid_from)
        return stacked(rows_of(mine, "licences", "day", "licence_no", "status"))


def _after(day: dt.date, working_days: int) -> dt.date:
    """The last of so many working days (Monday to Friday) after a day."""
    while working_days:
        day += dt.timedelta(days=1)
        working_days -= day.weekday() < WEEKEND
    return day
