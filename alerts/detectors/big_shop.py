import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import rank_surprise
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class BigShop(Detector):
    key = "big_shop"
    code = "VOL-04"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    statutory = True  # the ledger of hits is the register of large shops
    weight = -0.5  # being large is no wrong: listed only with something else
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no",
    )  # fmt: skip

    title = "零售大户登记"
    looks_for = "本月累计订货在当日达到规定条数，或达到本县户均月订货量的规定倍数；每月登记一次。"
    why_it_matters = "大户订货多、周转快，是真烟流通管理的重点，国家局要求逐户建立台账、定期核查。"
    innocent_causes = "商场、批发市场旁的老店；连锁统一订货；扩店、迁到旺铺；单位团购季节。"
    next_steps = (
        "一、列入零售大户台账，每季度到店核对一次进销存；"
        "二、本月内对照外流反馈、投诉和近三个月订单，有出入的转实地核查。"
    )
    deviation = "本月订货{:.0f}条"
    measure = "qty"

    cartons: float = param(
        1000, help="月订货达到（含）", unit="条", low=50, high=20000, source="国烟专〔2010〕448号"
    )
    times: float = param(
        5.0, help="达到本县户均月订货量的倍数（含）", unit="倍", low=2, high=50,
        source="国烟专〔2010〕448号",
    )  # fmt: skip

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that reaches the line today: qty, mean (of last month), surprise."""
        first = on.replace(day=1)
        before = (first - dt.timedelta(days=1)).replace(day=1)
        orders = facts.orders.filter(_.day >= before, _.day <= on)
        shops = orders.group_by("bureau", "retailer_id").agg(
            last=_.qty.sum(where=_.day < first),
            qty=_.qty.sum(where=_.day >= first),
            today=_.qty.sum(where=_.day == on),
        )
        # a book that does not hold the whole of last month has no mean
        means = shops.group_by("bureau").agg(mean=_["last"].mean())
        whole = orders.group_by("bureau").agg(oldest=_.day.min())
        whole = whole.filter(_.oldest <= before + dt.timedelta(days=6)).select("bureau")
        shops = shops.left_join(means.semi_join(whole, "bureau"), "bureau").drop("bureau_right")
        line = ibis.least(self.cartons, ibis.coalesce(_.mean * self.times, self.cartons))
        ranked = shops.mutate(
            line=line, surprise=rank_surprise(ibis.coalesce(_.qty, 0.0), "bureau")
        )
        crossed = ranked.filter(_.today > 0, _.qty >= _.line, _.qty - _.today < _.line)
        return crossed.select("surprise", "qty", "mean", subject_id=_.retailer_id)

    def sentence(self, row: Mapping[str, Any]) -> str:
        text = f"本月累计订货{row['qty']:.0f}条，"
        if row["mean"]:
            text += f"为本县上月户均{row['mean']:.1f}条的{row['qty'] / row['mean']:.2f}倍，"
        return text + (
            f"达到零售大户标准（月{self.cartons:.0f}条或户均{self.times:g}倍），列入台账。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id")
        month = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
        mine = month.join(wanted, month.retailer_id == wanted.subject_id)
        return stacked(rows_of(mine, "orders", "day", "order_id", "qty"))
