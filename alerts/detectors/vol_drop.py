import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts import panels, statistics, wording
from alerts.detection import Detector, param
from alerts.trails import MEMORY
from sources.facts import Facts

# One small order every shop has at times (stock left, illness). It could never be listed by itself;
# looking at it, too, made the drops that last look like one find among more.
ORDERS = (2, 4, 8)


@dataclass(frozen=True, kw_only=True)
class VolDrop(Detector):
    key = "vol_drop"
    code = "VOL-06"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    judges = ("smallest",)
    inputs = (*panels.ORDER_COLUMNS, *panels.ORDER_ROWS, *panels.SHOP_COLUMNS)
    optional = panels.MAY_LACK

    title = "订货量骤降或连续不订货"
    looks_for = "最近两次、四次或八次订货明显少于本户近半年，或连续多周不订货，而同县同访销日其他户没有同样减少。"
    why_it_matters = "货源骤减而店仍在营业的，可能转从非法渠道进货；久不订货的，可能已歇业未报。"
    innocent_causes = "生病、外出、装修停业；前期备货未售完；修路封路、学校放假；附近新开竞争店。"
    next_steps = (
        "一、两日内电话询访持证人，问清少订原因和现有库存；"
        "二、一周内实地看店是否营业、有无非本户进货的卷烟；"
        "三、停业超过一个月的，转证件管理员核查歇业手续。"
    )
    deviation = "应订数为实订数的{:.1f}倍"

    youngest: int = param(16, help="开户不足者不评", unit="周", low=8, high=52, source="本系统回测")
    smallest: float = param(
        5, help="应订数低于此数不评", unit="条", low=1, high=200, source="本系统设定"
    )
    silent: int = param(4, help="连续不订货达到", unit="周", low=2, high=12, source="domain VOL-06")
    silent_most: float = param(
        2.9,
        help="不订货本身的罕见度上限（低于3不单独上推送）",
        unit="lg",
        low=0,
        high=8,
        source="本系统设定",
    )
    longest: int = param(
        12, help="不订货超过此数不再提示", unit="周", low=4, high=52, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that has ordered little up to the day, or whose day it was and that is silent.

        surprise, weeks (orders compared), qty, normal, market, expected, ratio; silent shops have
        qty 0 and `silent`, the weeks without an order (else 0).
        """
        book = panels.volume(facts, on)
        columns = {weeks: f"z{weeks}" for weeks in ORDERS}
        judged = statistics.judged(book, on, columns, spread=2, sign=-1)
        turned = judged.mutate(**{name: -_[name] for name in columns.values()})
        fallen = statistics.in_cartons(statistics.settled(turned, facts, on, self.youngest))
        fallen = fallen.mutate(silent=ibis.literal(0, "int64"))
        found = fallen.union(self._silent(facts, book, on).select(fallen.columns))
        return found.filter(_.surprise >= 1, _.expected >= self.smallest)

    def _silent(self, facts: Facts, book: ir.Table, on: dt.date) -> ir.Table:
        """Shops whose order day this is, and who have let pass more weeks than they ever did."""
        past = book.filter(_.day > on - dt.timedelta(weeks=2 * MEMORY))
        shops = past.group_by("bureau", "retailer_id").agg(
            last=_.day.max(),
            since=_.since.min(),
            own=_.own.argmax(_.day),
            suspended=_.suspended.max(),
            longest=_.skipped.max(),
        )
        now = past.group_by("bureau").agg(suspended_now=_.suspended.max())
        shops = shops.join(now, "bureau").mutate(today=ibis.literal(on))
        shops = shops.mutate(gone=_.today.delta(_["last"], unit="day"))
        shops = shops.filter(_.gone > 0, _.gone % 7 == 0, _.own.notnull()).mutate(
            silent=_.gone // 7 - (_.suspended_now - _.suspended)
        )
        shops = shops.filter(
            _.silent >= self.silent, _.silent <= self.longest, _.silent > _.longest
        )
        waited = past.group_by("bureau", "skipped").agg(times=_.count())
        longer = shops.select("bureau", "silent").distinct().join(waited, "bureau")
        rates = longer.group_by("bureau", "silent").agg(
            rarer=(_.skipped >= _.silent).ifelse(_.times, 0).sum(), orders=_.times.sum()
        )
        rated = statistics.settled(shops, facts, on, self.youngest).join(
            rates, ["bureau", "silent"]
        )
        return rated.select(
            subject_id=_.retailer_id,
            surprise=ibis.least(-((_.rarer + 1) / (_.orders + 1)).log10(), self.silent_most),
            weeks=_.silent.cast("int64"),
            qty=ibis.literal(0.0),
            normal=_.own.exp() - 1,
            expected=_.own.exp() - 1,
            market=ibis.literal(1.0),
            ratio=ibis.literal(0.0),
            silent=_.silent.cast("int64"),
        )

    def holds(self, row: Mapping[str, Any]) -> bool:
        return bool(row["expected"] >= self.smallest)

    def size(self, row: Mapping[str, Any]) -> float:
        """A fall counts by its inverse; one to less than a carton, and silence, as one to a carton."""
        most = max(row["expected"], 1.0)
        return float(most if row["silent"] else min(1 / max(row["ratio"], 1 / most), most))

    def sentence(self, row: Mapping[str, Any]) -> str:
        if row["silent"]:
            return (
                f"已连续{row['silent']}周未订货（停订周不计），本户近26周常态每次"
                f"{wording.cartons(row['normal'])}；"
                f"本县近一年间隔如此之久的{wording.rarity(row['surprise'])}。"
            )
        return wording.volume(row)

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.orders_of(facts, on, found, weeks=26)
