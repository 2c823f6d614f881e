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
from alerts.rates import bursts
from alerts.wording import date
from sources.facts import Facts

SENT_ON = ("改送", "转送", "转投", "改投")
REFUSED = ("拒收", "退回", "退货", "未收")


@dataclass(frozen=True, kw_only=True)
class Redirected(Detector):
    key = "redirected"
    code = "DLV-03"
    family = "DELIV"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "deliveries.order_id", "deliveries.retailer_id", "deliveries.day",
        "deliveries.delivered_qty", "deliveries.courier_id", "deliveries.exception",
        "deliveries.bureau", "deliveries.batch_id", "deliveries.row_no", "orders.order_id",
        "orders.day", "orders.qty", "orders.bureau",
    )  # fmt: skip
    optional = ("deliveries.courier_id",)

    title = "改送或拒收后转给他户"
    looks_for = "上一订货日之后的货被记为改送，或本户拒收的同一天，同一送货员给别户送的货多于其订单，且比全县常见的多。"
    why_it_matters = "退下的货应入库重新分配，当天转给别的户就是私下调剂。"
    innocent_causes = "本户搬迁改送新址；拒收的货当日入库，别户多出的是补上次缺货；录入差错。"
    next_steps = (
        "一、调取退货入库单，看退下的货当日是否回库；"
        "二、核对同线路多收货的户，电话询问多出的品规从哪里来、货款付给谁。"
    )
    deviation = "近几单{:.0%}改送或转给他户"

    cartons: float = param(
        1, help="他户多出达到（含）", unit="条", low=0.1, high=100, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        sent = self._sent(facts, on)
        columns = ("bureau", "retailer_id", "day", "order_id", "hit", "is_new")
        told = bursts(sent.select(*columns), on)
        newest = [_.day.desc(), _.order_id.desc()]
        place = ibis.row_number().over(group_by="retailer_id", order_by=newest)
        fresh = sent.filter(_.is_new, _.hit).mutate(place=place).filter(_.place == 0)
        numbers = fresh.select("retailer_id", "day", "order_id", "sent_on", "more", "shops")
        return told.join(numbers, "retailer_id").select(
            "day", "order_id", "sent_on", "more", "shops", "trials", "count", "rate",
            "surprise", subject_id=_.retailer_id,
        )  # fmt: skip

    def _sent(self, facts: Facts, on: dt.date) -> ir.Table:
        """The half year's deliveries; hit where the goods were sent on, or were refused while the
        same courier gave others more than they had ordered that day (more cartons to shops)."""
        since = on - dt.timedelta(weeks=26)
        ordered = facts.orders.filter(_.day <= on).select("order_id", "qty")
        rows = facts.deliveries.filter(_.day > since, _.day <= on).left_join(ordered, "order_id")
        rows = rows.mutate(courier=ibis.coalesce(_.courier_id, ""), over=_.delivered_qty - _.qty)
        extra = rows.filter(_.over >= self.cartons).group_by("bureau", "day", "courier")
        given = extra.agg(more=_.over.sum(), shops=_.retailer_id.nunique())
        both = rows.left_join(given, ["bureau", "day", "courier"]).drop(
            "bureau_right", "day_right", "courier_right"
        )
        text = ibis.coalesce(_.exception, "")
        sent_on = text.contains(SENT_ON[0])
        for word in SENT_ON[1:]:
            sent_on = sent_on | text.contains(word)
        refused = text.contains(REFUSED[0])
        for word in REFUSED[1:]:
            refused = refused | text.contains(word)
        known = both.mutate(
            sent_on=sent_on,
            more=ibis.coalesce(_.more, 0.0),
            shops=ibis.coalesce(_.shops, 0),
            hit=sent_on | (refused & _.more.notnull() & (_.courier != "")),
        )
        return with_news(known, facts.orders, on)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["count"] / row["trials"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        what = (
            f"{date(row['day'])}送货记为改送他处"
            if row["sent_on"]
            else (
                f"{date(row['day'])}本户拒收，同一送货员当日给另外{row['shops']}户多送{row['more']:.0f}条"
            )
        )
        return f"{what}；近{row['trials']}单有{row['count']}单如此，全县平常约{row['rate']:.1%}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        sent = self._sent(facts, on)
        own = sent.join(found.select("subject_id", "order_id"), "order_id")
        where = own.filter(~_.sent_on, _.courier != "")
        where = where.select("bureau", "subject_id", "day", "courier")
        others = sent.filter(_.over >= self.cartons).join(where, ["bureau", "day", "courier"])
        columns = ("day", "order_id", "retailer_id", "delivered_qty", "exception")
        either = ibis.union(
            own.select("subject_id", "bureau", "batch_id", "row_no", *columns),
            others.select("subject_id", "bureau", "batch_id", "row_no", *columns),
            distinct=True,
        )
        return stacked(rows_of(either, "deliveries", *columns))
