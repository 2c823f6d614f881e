import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts import panels, statistics, wording
from alerts.detection import Detector, param
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class VolRobust(Detector):
    key = "vol_robust"
    code = "VOL-01R"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    judges = ("smallest",)
    inputs = (*panels.ORDER_COLUMNS, *panels.ORDER_ROWS, *panels.SHOP_COLUMNS)
    optional = panels.MAY_LACK

    title = "订货量异常增加（剔除行情）"
    looks_for = "与本户自己近半年的订货相比明显偏多，而同县同访销日的其他户没有同样增加。"
    why_it_matters = "超出自身销售能力的订货，常见于替他人套购、大户借户订货和真烟外流。"
    innocent_causes = "红白喜事、升学宴等一次性用烟；店面扩大或换了经营者；附近新开工地、邻店停业；上期漏订后补货。"
    next_steps = (
        "一、今日电话询访持证人，问清用途和去向并记录；"
        "二、两日内对照近4周订单明细，实地查看库存与销售记录；"
        "三、属办事用烟的，请其提供请柬或酒店订单。"
    )
    deviation = "订货量为应订数的{:.1f}倍"
    measure = "ratio"

    youngest: int = param(16, help="开户不足者不评", unit="周", low=8, high=52, source="本系统回测")
    smallest: float = param(
        5, help="本周订货低于此数不评", unit="条", low=1, high=200, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that ordered on the day: surprise, weeks, qty, normal, market, expected."""
        book = panels.volume(facts, on)
        columns = {weeks: f"z{weeks}" for weeks in (1, 2, 4, 8)}
        judged = statistics.judged(book, on, columns, spread=2.5)
        settled = statistics.settled(judged, facts, on, self.youngest)
        return statistics.in_cartons(settled).filter(_.surprise >= 1, _.qty >= self.smallest)

    def holds(self, row: Mapping[str, Any]) -> bool:
        return bool(row["qty"] >= self.smallest)

    def sentence(self, row: Mapping[str, Any]) -> str:
        return wording.volume(row)

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.orders_of(facts, on, found, weeks=10)
