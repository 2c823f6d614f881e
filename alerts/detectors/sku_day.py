import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.goods import described
from alerts.rates import rank_surprise
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class SkuDay(Detector):
    key = "sku_day"
    code = "INT-05"
    family = "INT"
    scope = "bureau"
    subject = "sku"
    statutory = True
    judges = ("share", "least", "orders", "pushed_least", "pushed_times")
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.bureau", "lines.batch_id", "lines.row_no", "skus.sku_id", "skus.sku_name",
        "skus.is_focus", "skus.launch_date",
    )  # fmt: skip
    optional = ("skus.sku_name", "skus.is_focus", "skus.launch_date")

    title = "单品单日销量集中"
    looks_for = "某个规格一天的销量占月销量的规定比例以上；月初以近22个订货日或上月作月销量。量小、少有人订的不计。"
    why_it_matters = "一天卖掉一个月的大半，可能是集中倾斜投放或拆单冲量，是国家局规定的异常品牌。"
    innocent_causes = "到货不均衡，一到货就集中投放；新品首日上柜；当周只有少数几天开放订货。"
    next_steps = (
        "一、查当日该规格的投放公告和到货记录；"
        "二、按线路和客户经理列出当日订购最多的户，核对是否数量相同。"
    )
    deviation = "单日售出{:.0f}条"
    measure = "today"

    share: float = param(
        0.15, help="占月销量达到（含）", unit="比例", low=0.01, high=1, source="国烟专〔2011〕49号"
    )
    settled_day: int = param(
        15, help="每月从几日起以本月累计作月销量", unit="日", low=1, high=31, source="本系统设计"
    )
    order_days: int = param(
        22, help="此前以最近多少个订货日作月销量", unit="天", low=5, high=31, source="本系统设计"
    )

    least: float = param(
        20, help="当日售出不足者不计", unit="条", low=0, high=10000, source="本系统设定"
    )
    orders: int = param(
        30, help="此前半年订它的订单不足者不计", unit="笔", low=0, high=1000, source="本系统设定"
    )
    pushed_least: float = param(
        50, help="当日售出达到（含）才推送", unit="条", low=1, high=100000, source="本系统设定"
    )
    pushed_times: float = param(
        1.5,
        help="且达到此前半年最多一天的（含）才推送",
        unit="倍",
        low=1,
        high=20,
        source="本系统设定",
    )

    launched: int = param(
        90, help="上市不足者是铺货，不推送", unit="天", low=0, high=730, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        sums = self._sums(facts.lines, on).filter(_.today > 0)
        month = _.this if on.day >= self.settled_day else ibis.coalesce(_.trailing, _.last)
        compared = sums.mutate(month=month).filter(_.month > 0)
        judged = compared.mutate(surprise=rank_surprise(_.today / _.month, by="bureau"))
        over = judged.filter(
            _.today >= _.month * self.share, _.today >= self.least, _.before >= self.orders
        )
        return described(over, facts.skus, on, self.launched).select(
            "today", "this", "trailing", "last", "shops", "before", "best", "surprise", "bureau",
            "name", "is_focus", "is_new", subject_id=_.sku_id,
            settled=on.day >= self.settled_day,
        )  # fmt: skip

    def _sums(self, lines: ir.Table, on: dt.date) -> ir.Table:
        """Each SKU's cartons: today, this month, last month, and the trailing order days.

        Also the shops that took it today, and of the half year before: its orders (before) and what
        was sold of it on its best day. trailing is null where the book has fewer order days than that; last where it does not
        hold the whole of last month.
        """
        first = on.replace(day=1)
        before = (first - dt.timedelta(days=1)).replace(day=1)
        recent = lines.filter(_.day > on - dt.timedelta(weeks=26), _.day <= on)
        daily = recent.group_by("bureau", "sku_id", "day").agg(qty=_.qty.sum(), orders=_.count())
        days = daily.group_by("bureau", "day").agg()
        days = days.mutate(place=ibis.row_number().over(group_by="bureau", order_by=_.day.desc()))
        start = (
            days.filter(_.place < self.order_days)
            .group_by("bureau")
            .agg(start=_.day.min(), days=_.count())
        )
        oldest = daily.group_by("bureau").agg(oldest=_.day.min())
        today = lines.filter(_.day == on).group_by("bureau", "sku_id")
        shops = today.agg(shops=_.retailer_id.nunique())
        sums = (
            daily.join(start, "bureau")
            .group_by("bureau", "sku_id", "days")
            .agg(
                today=_.qty.sum(where=_.day == on),
                this=_.qty.sum(where=_.day >= first),
                trailing=_.qty.sum(where=_.day >= _.start),
                last=_.qty.sum(where=(_.day >= before) & (_.day < first)),
                before=ibis.coalesce(_.orders.sum(where=_.day < on), 0),
                best=_.qty.max(where=_.day < on),
            )
        )
        enough = _.days >= self.order_days
        whole = _.oldest <= before + dt.timedelta(days=6)
        return (
            sums.join(oldest, "bureau")
            .join(shops, ["bureau", "sku_id"])
            .mutate(
                trailing=ibis.ifelse(enough, _.trailing, None),
                last=ibis.ifelse(whole, _.last, None),
            )
        )

    def holds(self, row: Mapping[str, Any]) -> bool:
        month = row["this"] if row["settled"] else row["trailing"] or row["last"]
        enough = row["today"] >= self.least and row.get("before", self.orders) >= self.orders
        return bool(enough and row["today"] >= month * self.share)

    def floor(self, row: Mapping[str, Any]) -> str | None:
        """Pushed where the county sold far more of it in a day than in any of the half year before.

        A product that comes once a month has such shares each time, and no such day.
        """
        best = row.get("best")
        if (
            not best
            or row.get("is_new")
            or row["today"] < max(self.pushed_least, best * self.pushed_times)
        ):
            return None
        return "橙" if row.get("is_focus") else "黄"

    def sentence(self, row: Mapping[str, Any]) -> str:
        today = row["today"]
        text = f"{row['name'][:20]}当日售出{today:.0f}条（{row['shops']}户），"
        best = f"；此前半年最多的一天{row['best']:.0f}条。" if row.get("best") else "。"
        if row["settled"]:
            return text + f"占本月累计{row['this']:.0f}条的{today / row['this']:.1%}{best}"
        parts = []
        if row["trailing"]:
            days = f"近{self.order_days}个订货日{row['trailing']:.0f}条"
            parts.append(f"占{days}的{today / row['trailing']:.1%}")
        if row["last"]:
            parts.append(f"占上月{row['last']:.0f}条的{today / row['last']:.1%}")
        return text + "，".join(parts) + best

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id")
        lines = facts.lines.filter(_.day == on)
        mine = lines.join(wanted, lines.sku_id == wanted.subject_id)
        columns = ("day", "order_id", "retailer_id", "sku_id", "qty")
        return stacked(rows_of(mine, "lines", *columns), by="qty")
