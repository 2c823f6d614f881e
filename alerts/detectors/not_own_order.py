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

OWN = ("本人", "持证人本人", "经营者本人", "家人", "家属", "配偶", "店员", "家人或店员")
INSIDE = ("客户经理", "订单员", "送货员", "专卖", "内部", "公司", "烟草")


@dataclass(frozen=True, kw_only=True)
class NotOwnOrder(Detector):
    key = "not_own_order"
    code = "BEH-09"
    family = "PATTERN"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "interviews.record_id", "interviews.retailer_id", "interviews.day",
        "interviews.order_id", "interviews.ordered_by", "interviews.bureau",
        "interviews.batch_id", "interviews.row_no", "orders.order_id",
        "orders.day", "orders.qty", "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip
    optional = ("interviews.order_id", "orders.qty")

    title = "经营者自述订单不是本人所订"
    looks_for = (
        "上一订货日之后的电话询访中，经营者说所问的订单不是自己、家人或店员订的。没有文件带来询访答复，"
        "本系统的询访记录已把这一矛盾记入原预警并转实地核查；这里等待可导入的询访答复。"
    )
    why_it_matters = "本人否认的订单，订货资格就在别人手里，要查清是谁、货去了哪里。"
    innocent_causes = "邻居、亲友好意代订；记错了订货日；残疾、不识字由亲友代办。"
    next_steps = (
        "一、两日内到店当面核实，盘点该单品规并看签收、付款记录；"
        "二、调取该单登录日志和录音，查明下单人；涉及内部人员的，由上级查办。"
    )
    deviation = "非本人所订{:.0f}条"
    measure = "qty"

    surprise: float = param(6.0, help="罕见程度按", unit="lg", low=1, high=12, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        said = facts.interviews.filter(_.day <= on, _.ordered_by.notnull())
        fresh = with_news(said, facts.orders, on).filter(_.is_new, ~_.ordered_by.isin(list(OWN)))
        newest = [_.day.desc(), _.record_id.desc()]
        place = ibis.row_number().over(group_by="retailer_id", order_by=newest)
        one = fresh.mutate(place=place).filter(_.place == 0)
        orders = facts.orders.filter(_.day <= on).select("order_id", "qty", ordered_on="day")
        return one.left_join(orders, "order_id").select(
            "record_id",
            "order_id",
            "day",
            "ordered_by",
            "ordered_on",
            subject_id=_.retailer_id,
            qty=ibis.coalesce(_.qty, 0.0),
            surprise=ibis.literal(self.surprise),
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        order = "所问的订单"
        if row["ordered_on"]:
            order = f"{date(row['ordered_on'])}{row['qty']:.0f}条的订单"
        return f"{date(row['day'])}电话询访中，经营者说{order}不是本人所订，由{row['ordered_by']}下单。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "record_id")
        told = found.filter(_.order_id.notnull()).select("subject_id", "order_id")
        talks = facts.interviews.filter(_.day <= on).join(wanted, "record_id")
        orders = facts.orders.filter(_.day <= on).join(told, "order_id")
        return stacked(
            rows_of(talks, "interviews", "day", "order_id", "ordered_by"),
            rows_of(orders, "orders", "day", "order_id", "qty"),
        )

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:
        return any(word in row["ordered_by"] for word in INSIDE)
