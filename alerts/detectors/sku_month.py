import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.goods import described
from alerts.rates import rank_surprise
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class SkuMonth(Detector):
    key = "sku_month"
    code = "INT-04"
    family = "INT"
    scope = "bureau"
    subject = "sku"
    statutory = True
    judges = ("growth", "least", "orders", "pushed_least", "pushed_times")
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.bureau", "lines.batch_id", "lines.row_no", "skus.sku_id", "skus.sku_name",
        "skus.is_focus", "skus.launch_date",
    )  # fmt: skip
    optional = ("skus.sku_name", "skus.is_focus", "skus.launch_date")

    title = "单品月销量大幅增长"
    looks_for = (
        "某个规格本月累计销量在当日达到上月全月的规定增幅以上；上月没有销售的新规格、量小的不计。"
    )
    why_it_matters = "单品销量异常放大常与集中投放、冲量或外流有关，是国家局规定的异常品牌。"
    innocent_causes = "新品上市铺货；到货不均衡后集中投放；节日旺季；上月断货。"
    next_steps = (
        "一、按品牌、区域、送货线路打开当月曲线，找到突增的日期和片区；"
        "二、向营销部门调取当月投放计划，核对突增户的订单。"
    )
    deviation = "本月销量为上月的{:.1f}倍"

    growth: float = param(
        0.5, help="比上月增长达到（含）", unit="比例", low=0, high=5, source="国烟专〔2011〕49号"
    )

    least: float = param(
        20, help="本月累计不足者不计", unit="条", low=0, high=10000, source="本系统设定"
    )
    orders: int = param(
        10, help="上月订它的订单不足者不计", unit="笔", low=0, high=1000, source="本系统设定"
    )
    pushed_least: float = param(
        100, help="本月累计达到（含）才推送", unit="条", low=1, high=100000, source="本系统设定"
    )
    pushed_times: float = param(
        2.0,
        help="且与上月之比达到全县总量同一时候之比的（含）才推送",
        unit="倍",
        low=1,
        high=20,
        source="本系统设定",
    )

    launched: int = param(
        90, help="上市不足者是铺货，不推送", unit="天", low=0, high=730, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        first, before = _months(on)
        since, early = before - dt.timedelta(weeks=8), before + dt.timedelta(days=6)
        early_lines = facts.lines.filter(_.day > since, _.day <= early)
        whole = early_lines.select("bureau").distinct()  # the book holds the whole of last month
        lines = facts.lines.filter(_.day >= before, _.day <= on).semi_join(whole, "bureau")
        sums = lines.group_by("bureau", "sku_id").agg(
            this=_.qty.sum(where=_.day >= first),
            today=_.qty.sum(where=_.day == on),
            last=_.qty.sum(where=_.day < first),
            shops=_.retailer_id.nunique(where=_.day >= first),
            before=_.count(where=_.day < first),
        )
        whole = sums.group_by("bureau").agg(market=_.this.sum() / _["last"].sum().nullif(0))
        sums = sums.filter(_.last > 0, _.today > 0).join(whole, "bureau")
        line = _.last * (1 + self.growth)
        judged = sums.mutate(surprise=rank_surprise(_.this / _.last, by="bureau"))
        told = judged.filter(
            _.this >= line, _.this - _.today < line,  # told on the day it gets there
            _.this >= self.least, _.before >= self.orders,
        )  # fmt: skip
        return described(told, facts.skus, on, self.launched).select(
            "this", "last", "shops", "before", "market", "surprise", "bureau", "name", "is_focus",
            "is_new", subject_id=_.sku_id,
        )  # fmt: skip

    def holds(self, row: Mapping[str, Any]) -> bool:
        enough = row["this"] >= self.least and row.get("before", self.orders) >= self.orders
        return bool(enough and row["this"] >= row["last"] * (1 + self.growth))

    def floor(self, row: Mapping[str, Any]) -> str | None:
        """Pushed where it runs far ahead of what the county sells, as no festival makes it."""
        market = row.get("market")
        if market is None or row.get("is_new") or row["this"] < self.pushed_least:
            return None
        if row["this"] / row["last"] < market * self.pushed_times:
            return None
        return "橙" if row.get("is_focus") else "黄"

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["this"] / row["last"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        whole = f"；同一时候全县总量为上月的{row['market']:.0%}" if row.get("market") else ""
        return (
            f"{row['name'][:30]}本月已售{row['this']:.0f}条（{row['shops']}户），"
            f"上月全月{row['last']:.0f}条，增长{row['this'] / row['last'] - 1:.1%}{whole}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id")
        lines = facts.lines.filter(_.day >= on.replace(day=1), _.day <= on)
        mine = lines.join(wanted, lines.sku_id == wanted.subject_id)
        columns = ("day", "order_id", "retailer_id", "sku_id", "qty")
        return stacked(rows_of(mine, "lines", *columns), by="qty")


def _months(on: dt.date) -> tuple[dt.date, dt.date]:
    """The first days of this month and of the one before."""
    first = on.replace(day=1)
    return first, (first - dt.timedelta(days=1)).replace(day=1)
