import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.seizing import newly_known, orders_sorted_then, traced
from alerts.wording import cartons, date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class SeizedCode(Detector):
    key = "seized_code"
    code = "CASE-01"
    family = "CASE"
    scope = "all"
    subject = "retailer"
    inputs = (
        "seizures.case_no", "seizures.day", "seizures.known_on", "seizures.place",
        "seizures.code32", "seizures.sku_id", "seizures.qty", "seizures.licence_no",
        "seizures.case_qty", "seizures.bureau", "seizures.batch_id", "seizures.row_no", "retailers.retailer_id",
        "retailers.licence_no", "retailers.bureau", "licences.licence_no", "licences.retailer_id",
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no", "deliveries.order_id", "deliveries.day",
        "deliveries.sign_by", "deliveries.bureau", "deliveries.batch_id", "deliveries.row_no",
        "payments.order_id", "payments.day", "payments.payer_account", "payments.bureau",
        "payments.batch_id", "payments.row_no",
    )  # fmt: skip
    optional = (
        "seizures.place", "seizures.code32", "seizures.sku_id", "seizures.licence_no",
        "seizures.case_qty", "retailers.licence_no", "licences.licence_no", "licences.retailer_id",
        "deliveries.order_id", "deliveries.day", "deliveries.sign_by", "deliveries.bureau",
        "deliveries.batch_id", "deliveries.row_no", "payments.order_id", "payments.day",
        "payments.payer_account", "payments.bureau", "payments.batch_id", "payments.row_no",
    )  # fmt: skip

    title = "查获卷烟的条码指向本户"
    looks_for = (
        "外地或本地查获的卷烟，32位码上的许可证号是本户的；按分拣日期前后三天查找对应的订单。"
    )
    why_it_matters = "条码说明这些烟是供给本户的，却在别处被查获，要查清经过了谁的手。"
    innocent_causes = "过路顾客一次买了一两条；婚宴用烟带到外地；条码看错或补码有误。"
    next_steps = (
        "一、两日内核对条码照片、对应订单、签收和付款；"
        "二、实地问清这批货卖给了谁、是否收到过货，盘点该规格库存；"
        "三、同时核查所在线路和经办人员。"
    )
    deviation = "在外查获{:.0f}条"
    measure = "all_qty"

    days: int = param(
        3, help="订单与分拣日期最多相差", unit="天", low=0, high=14, source="domain §3.7"
    )
    months: int = param(
        12, help="多少个月内再次查获算第二次", unit="月", low=1, high=36, source="detection §4a"
    )
    red_from: float = param(
        50, help="一案达到（含）为红色", unit="条", low=1, high=1000, source="detection §4a"
    )
    orange_from: float = param(
        10, help="一案达到（含）为橙色", unit="条", low=1, high=1000, source="detection §4a"
    )
    rarity: float = param(
        4.0, help="条码命中的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop with a seizure newly known: the largest new case, its order if one is found."""
        return self._told(facts, on, _.is_new)

    def of_case(self, facts: Facts, on: dt.date, case_no: str) -> ir.Table:
        """The same about one case, whenever it became known: as its registration wants it told."""
        return self._told(facts, on, _.case_no == case_no)

    def _told(self, facts: Facts, on: dt.date, wanted: ibis.Deferred) -> ir.Table:
        cases = self._cases(facts, on)
        many = cases.group_by("retailer_id").agg(cases=_.count(), all_qty=_.qty.sum())
        order = [_.qty.desc(), _.seized_on.desc(), _.case_no]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        worst = cases.filter(wanted).mutate(at=place).filter(_.at == 0).drop("at")
        orders = orders_sorted_then(
            facts, self._codes(facts, on).semi_join(worst, "case_no"), self.days
        )
        largest = orders.group_by("retailer_id", "case_no").agg(
            order_id=_.order_id.argmax(_.qty), ordered_on=_.day.argmax(_.qty), ordered=_.qty.max()
        )
        told = worst.join(many, "retailer_id").left_join(largest, ["retailer_id", "case_no"])
        return told.select(
            "bureau", "case_no", "seized_on", "place", "licence_no", "codes", "qty", "case_qty",
            "cases", "all_qty", "order_id", "ordered_on", "ordered",
            subject_id=_.retailer_id, surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        where = f"在{row['place'][:20]}" if row["place"] else "在别处"
        order = "前后几天没有找到对应订单"
        if row["order_id"]:
            order = f"对应{date(row['ordered_on'])}的订单，共{cartons(row['ordered'])}"
        again = f"；近{self.months}个月共{row['cases']}起、{cartons(row['all_qty'])}"
        what = f"有{cartons(row['qty'])}的条码是本户许可证号，"
        if row["case_qty"]:  # registered code by code
            read, whole = f"{row['qty']:.0f}", cartons(row["case_qty"])
            what = f"本户许可证号读出{read}个码，该案共{whole}；"
        return (
            f"{date(row['seized_on'])}{where}查获的卷烟中，{what}"
            f"{order}{again if row['cases'] > 1 else ''}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", home="bureau")
        codes = self._codes(facts, on)
        mine = codes.join(wanted, codes.retailer_id == wanted.subject_id)
        orders = orders_sorted_then(facts, mine, self.days).select("order_id").distinct()
        own = facts.orders.semi_join(orders, "order_id")
        own = own.join(wanted, own.retailer_id == wanted.subject_id)
        of = own.select("order_id", "subject_id", "home")
        signed = facts.deliveries.filter(_.day <= on).join(of, "order_id")
        paid = facts.payments.filter(_.day <= on).join(of, "order_id")
        seized = ("day", "case_no", "place", "code32", "sku_id", "qty")
        return stacked(
            rows_of(mine.filter(_.bureau == _.home), "seizures", *seized),
            rows_of(own.filter(_.bureau == _.home), "orders", "day", "order_id", "qty"),
            rows_of(signed.filter(_.bureau == _.home), "deliveries", "day", "order_id", "sign_by"),
            rows_of(
                paid.filter(_.bureau == _.home), "payments", "day", "order_id", "payer_account"
            ),
        )

    def floor(self, row: Mapping[str, Any]) -> str:
        """红 from 50 cartons traced here or the second time, 橙 from 10, else 黄."""
        if row["qty"] >= self.red_from or row["cases"] > 1:
            return "红"
        return "橙" if row["qty"] >= self.orange_from else "黄"

    def _codes(self, facts: Facts, on: dt.date) -> ir.Table:
        since = on - dt.timedelta(days=round(self.months * 365 / 12))
        return traced(facts, since, on)

    def _cases(self, facts: Facts, on: dt.date) -> ir.Table:
        """A row a shop and case: cartons, number of codes, and whether it is news to this night."""
        codes = newly_known(self._codes(facts, on), facts.orders, on)
        return (
            codes.group_by("retailer_id", "home", "case_no")
            .agg(
                seized_on=_.day.max(),
                place=_.place.max(),
                licence_no=_.licence_no.max(),
                codes=_.count(),
                qty=_.qty.sum(),
                case_qty=ibis.ifelse(_.case_qty.notnull().all(), _.case_qty.max(), None),
                is_new=_.is_new.any(),
            )
            .rename(bureau="home")
        )
