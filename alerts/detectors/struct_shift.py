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
class StructShift(Detector):
    key = "struct_shift"
    code = "STR-01R"
    family = "STRUCT"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        *panels.ORDER_COLUMNS,
        *panels.STRUCTURE_COLUMNS,
        *panels.LINE_ROWS,
        *panels.SHOP_COLUMNS,
    )
    optional = panels.MAY_LACK

    title = "高价烟比重异常升高（剔除行情）"
    looks_for = (
        "一类烟在订货金额中的比重明显高于本户近半年的常态，而同县同访销日其他户没有同样变化。"
    )
    why_it_matters = "与店面消费水平不相称的高价烟，常是替他人订购或转手外流的先兆。"
    innocent_causes = "婚宴、寿宴、升学宴用烟；单位团购；档位上调后新可订的品牌；附近新开酒店饭馆。"
    next_steps = (
        "一、两日内电话询访持证人，问清高价烟的买主与用途；"
        "二、三日内实地清点一类烟库存，对照近4周订单明细；"
        "三、确系办事用烟的，请其提供请柬或酒店订单。"
    )
    deviation = "一类烟比重为常态的{:.1f}倍"

    youngest: int = param(16, help="开户不足者不评", unit="周", low=8, high=52, source="本系统回测")
    smallest: float = param(
        500, help="本日一类烟金额低于此数不评", unit="元", low=0, high=20000, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop that ordered on the day: surprise, weeks, share, normal and due (0 to 1)."""
        columns = {weeks: f"z{weeks}" for weeks in (1, 2, 4, 8)}
        judged = statistics.judged(panels.structure(facts, on), on, columns, spread=2.5)
        settled = statistics.settled(judged, facts, on, self.youngest)
        settled = settled.mutate(due=(_.x - _.z1 * _.sigma).exp(), odds=_.own.exp())
        return settled.filter(_.surprise >= 1, _.top >= self.smallest * 100).select(
            "surprise",
            "weeks",
            subject_id=_.retailer_id,
            top=_.top / 100,
            share=_.top / _.whole.nullif(0),
            normal=_.odds / (1 + _.odds),
            due=_.due / (1 + _.due),
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["share"] / max(row["normal"], 0.01))

    def sentence(self, row: Mapping[str, Any]) -> str:
        span = "本日" if row["weeks"] == 1 else f"近{row['weeks']}次订货一类烟比重持续偏高，本日"
        return (
            f"{span}订一类烟{row['top']:.0f}元，占{row['share']:.0%}；本户近26周常态{row['normal']:.0%}，"
            f"照本县同一访销日各户的情形应在{row['due']:.0%}左右；"
            f"本县近半年订单中{wording.rarity(row['surprise'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.lines_of(facts, on, found, 3, "amount")
