import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import burst_surprise
from sources.facts import Facts

SLOW = "滞销"
HALF_YEAR = dt.timedelta(weeks=26)


@dataclass(frozen=True, kw_only=True)
class SlowPush(Detector):
    key = "slow_push"
    code = "STR-05"
    family = "STRUCT"
    scope = "bureau"
    subject = "staff"
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.bureau", "lines.batch_id", "lines.row_no", "skus.sku_id", "skus.wholesale_price",
        "skus.market_state", "retailers.retailer_id", "retailers.manager_id",
    )  # fmt: skip
    optional = ("skus.market_state",)

    title = "滞销高端烟集中突订"
    looks_for = (
        "同一客户经理的几户在同一天订了本县卖得最慢的高端烟，数量不小，而这些户近来都没有订过。"
    )
    why_it_matters = "卖不动的高端烟几户一起订，可能是搭配摊派，需要了解各户是否自愿。"
    innocent_causes = "新品推广、品吸活动；统一换包装清旧货；当地单位采购分给几户供货。"
    next_steps = (
        "一、三日内由市级电话抽问其中至少五户是否自愿订购、有无搭配紧俏烟；"
        "二、调取当日投放公告和该线路的订单，对照同日其他经理的户。"
    )
    deviation = "滞销高端烟{:.0f}条"
    measure = "qty"

    price: float = param(
        500, help="批发价达到（含）算高端", unit="元/条", low=100, high=5000,
        source="domain STR-05",
    )  # fmt: skip
    slowest: float = param(
        0.25, help="没有标注市场状态时，半年销量在高端烟中最低的这个比例内算滞销", unit="比例",
        low=0.05, high=0.75, source="domain STR-05",
    )  # fmt: skip
    cartons: float = param(
        5, help="一户本次订同一规格达到（含）", unit="条", low=1, high=100, source="domain STR-05"
    )
    shops: int = param(
        3, help="同一经理同日达到（含）", unit="户", low=2, high=50, source="本系统设定"
    )
    weeks: int = param(8, help="此前未订该规格达到", unit="周", low=2, high=26, source="本系统设定")
    prior: float = param(
        0.15, help="没有历史时每日预期户数", unit="户", low=0.01, high=5,
        source="detection.md 2.5",
    )  # fmt: skip

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a manager: bureau, surprise, count (shops), qty, names, county (shops in all)."""
        events = self._events(facts, on)
        daily = events.group_by("bureau", "manager_id", "day").agg(
            others=_.retailer_id.nunique(), qty=_.qty.sum(), sku_id=_.sku_id.max()
        )
        open_days = facts.lines.filter(_.day > on - HALF_YEAR, _.day < on)
        days = open_days.group_by("bureau").agg(weight=_.day.nunique().cast("float64"))
        past = daily.filter(_.day < on).group_by("bureau", "manager_id")
        past = past.agg(seen=_.others.sum().cast("float64"))
        county = events.filter(_.day == on).group_by("bureau")
        county = county.agg(county=_.retailer_id.nunique())
        today = daily.filter(_.day == on, _.others >= self.shops).join(county, "bureau")
        known = today.left_join(past, ["bureau", "manager_id"]).left_join(days, "bureau")
        counts = known.select(
            "bureau", "manager_id", "others", "qty", "sku_id", "county", "weight",
            key=_.bureau.concat("-", _.manager_id), seen=ibis.coalesce(_.seen, 0.0),
        )  # fmt: skip
        return burst_surprise(counts, prior=self.prior).select(
            "bureau", "surprise", "qty", "sku_id", "county", "expected",
            subject_id=_.manager_id, count=_.others,
        )  # fmt: skip

    def _events(self, facts: Facts, on: dt.date) -> ir.Table:
        """Lines of half a year by which a shop suddenly took much of a slow and dear product."""
        lines = facts.lines.filter(_.day > on - 2 * HALF_YEAR, _.day <= on, _.qty > 0)
        dear = facts.skus.group_by("sku_id").agg(
            price=_.wholesale_price.max(), state=_.market_state.max()
        )
        dear = dear.filter(_.price >= self.price * 100).drop("price")
        bought = lines.join(dear, "sku_id")
        sold = bought.filter(_.day > on - HALF_YEAR).group_by("bureau", "sku_id", "state")
        sold = sold.agg(sold=_.qty.sum())
        bounds = sold.group_by("bureau").agg(bound=_.sold.quantile(self.slowest))
        slow = sold.join(bounds, "bureau").filter(ibis.coalesce(_.state == SLOW, _.sold <= _.bound))
        taken = bought.semi_join(slow, ["bureau", "sku_id"])
        shop = ibis.window(group_by=["retailer_id", "sku_id"], order_by="day")
        taken = taken.mutate(gap=_.day.delta(_.day.lag().over(shop), unit="day"))
        sudden = taken.filter(
            _.qty >= self.cartons,
            ibis.coalesce(_.gap, 9999) > 7 * self.weeks,
            _.day > on - HALF_YEAR,
        )
        managers = facts.retailers.filter(_.manager_id.notnull())
        return sudden.join(managers.select("retailer_id", "manager_id"), "retailer_id")

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"该经理辖区当日有{row['count']}户各订本县滞销高端烟{self.cartons:.0f}条以上，"
            f"共{row['qty']:.0f}条，此前{self.weeks}周均未订过；"
            f"全县同日共{row['county']}户，该经理平常每日{row['expected']:.2f}户。"
        )

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        today = self._events(facts, on).filter(_.day == on)
        wanted = found.select("subject_id", home="bureau")
        mine = today.join(
            wanted, [today.manager_id == wanted.subject_id, today.bureau == wanted.home]
        )
        return stacked(rows_of(mine, "lines", "day", "order_id", "retailer_id", "sku_id", "qty"))
