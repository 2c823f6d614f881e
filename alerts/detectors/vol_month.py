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
class VolMonth(Detector):
    key = "vol_month"
    code = "VOL-02"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    statutory = True
    weight = -0.5
    judges = ("ratio", "exempt")
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no", "retailers.retailer_id", "retailers.open_date",
    )  # fmt: skip
    optional = ("retailers.open_date",)

    title = "月订购总量突增"
    looks_for = (
        "零售户本月累计订购量在当日超过上月全月的规定倍数；规定条数以下和上月才入网的户不计。"
    )
    why_it_matters = (
        "单次不显眼、一个月合起来翻倍的增长，往往是分次集中货源，是国家局规定的异常情形。"
    )
    innocent_causes = (
        "上月停业、上月订货次数少；春节、中秋等旺季；档位上调；周边店铺停业后客流转来。"
    )
    next_steps = (
        "一、按每次订货平均量与上月对比，看是次数多还是每次多；"
        "二、电话询问去向，必要时盘点近30天进销存。"
    )
    deviation = "本月累计为上月的{:.1f}倍"

    ratio: float = param(
        2.0, help="超过上月订购量的倍数", unit="倍", low=1, high=10, source="国烟专〔2011〕49号"
    )
    exempt: float = param(
        20, help="这个条数以下（含）不预警", unit="条", low=0, high=500, source="国烟专〔2011〕49号"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        first, before = _months(on)
        # a book that does not hold the whole of last month cannot be compared with
        whole = (
            facts.orders.filter(_.day <= before + dt.timedelta(days=6)).select("bureau").distinct()
        )
        orders = facts.orders.filter(_.day >= before, _.day <= on).semi_join(whole, "bureau")
        sums = orders.group_by("bureau", "retailer_id").agg(
            this=_.qty.sum(where=_.day >= first),
            times=_.order_id.nunique(where=_.day >= first),
            today=_.qty.sum(where=_.day == on),
            last=_.qty.sum(where=_.day < first),
            last_times=_.order_id.nunique(where=_.day < first),
        )
        zeros = dict.fromkeys(("this", "last", "today"), 0.0)
        known = facts.retailers.filter(
            ibis.coalesce(_.open_date, dt.date(1970, 1, 1)) <= before
        ).select("retailer_id")
        sums = sums.fill_null(zeros).semi_join(known, "retailer_id").filter(_.today > 0)
        ranked = sums.mutate(
            surprise=rank_surprise(_.this / ibis.greatest(_.last, 1.0), by="bureau")
        )
        return ranked.filter(
            _.this > self.exempt,
            _.this > _.last * self.ratio,
            # told once a month: on the day on which it crosses the line
            (_.this - _.today <= self.exempt) | (_.this - _.today <= _.last * self.ratio),
        ).select("this", "times", "last", "last_times", "surprise", subject_id=_.retailer_id)

    def holds(self, row: Mapping[str, Any]) -> bool:
        return bool(row["this"] > self.exempt and row["this"] > row["last"] * self.ratio)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["this"] / max(row["last"] or 0, 1.0))

    def sentence(self, row: Mapping[str, Any]) -> str:
        this = f"本月订货{row['times']}次，累计{row['this']:.0f}条；"
        if not row["last"]:
            return this + "上月全月没有订货。"
        per_order = (row["this"] / row["times"]) / (row["last"] / row["last_times"])
        return (
            f"{this}上月{row['last_times']}次{row['last']:.0f}条，"
            f"累计为上月的{row['this'] / row['last']:.2f}倍，平均每次为上月的{per_order:.2f}倍。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id")
        recent = facts.orders.filter(_.day >= _months(on)[1], _.day <= on)
        mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
        return stacked(rows_of(mine, "orders", "day", "order_id", "qty"))


def _months(on: dt.date) -> tuple[dt.date, dt.date]:
    """The first days of this month and of the one before."""
    first = on.replace(day=1)
    return first, (first - dt.timedelta(days=1)).replace(day=1)
