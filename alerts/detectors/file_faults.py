import datetime as dt
import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from sources.facts import Facts

WORDS = {
    "licence_no": "许可证号",
    "licensee": "负责人",
    "owner_id": "证件号码",
    "phone": "订货电话",
    "address": "经营地址",
}


@dataclass(frozen=True, kw_only=True)
class FileFaults(Detector):
    """What is missing from the files, and licence numbers of an odd form. Telephones and identity
    numbers are keyed hashes here: the import page tells of those of an odd form when they come, and
    nothing keeps that by shop, so neither their form nor the check digit is looked at."""

    key = "file_faults"
    code = "CUS-07"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    weight = -3.0  # for those who keep the files, never an alert by itself: the ledger lists it
    worklist = True
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.bureau", "orders.batch_id",
        "orders.row_no", "retailers.retailer_id",
        "retailers.licence_no", "retailers.licensee", "retailers.owner_id", "retailers.phone",
        "retailers.address", "retailers.bureau", "retailers.batch_id", "retailers.row_no",
    )  # fmt: skip
    optional = (
        "retailers.licence_no", "retailers.licensee", "retailers.owner_id", "retailers.phone",
        "retailers.address",
    )  # fmt: skip

    title = "客户档案缺项或证号格式不对"
    looks_for = (
        "档案里别户都有而本户空缺的项目，或许可证号位数、行政区划与本县不符；每月首次订货时列一次。"
    )
    why_it_matters = "档案不全，许多核对就做不了；这是交营销补正的数据质量清单，不作为调查线索。"
    innocent_causes = "新入网资料尚在补录；换证后旧号未更新；区划调整沿用旧号。"
    next_steps = "一、按月汇总清单送营销部门补正；二、下月首次订货时复看是否已补。"
    deviation = "档案{:.0f}处待补正"
    measure = "faults"

    digits: int = param(
        12, help="许可证号应有位数", unit="位", low=6, high=20, source="许可证编号规则"
    )
    usual: float = param(
        0.5,
        help="县内符合某一格式的达到（含）才据以评判",
        unit="比例",
        low=0,
        high=1,
        source="本系统设定",
    )
    surprise: float = param(1.0, help="罕见程度按", unit="lg", low=0, high=6, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        shops = self._judged(facts)
        whole = shops.group_by("bureau").agg(
            **{f"has_{name}": (~shops[f"no_{name}"]).cast("float64").mean() for name in WORDS},
            long_enough=(~_.odd_length).cast("float64").mean(),
            at_home=(~_.odd_place).cast("float64").mean(),
        )
        told = shops.join(whole, "bureau").mutate(
            **{f"no_{name}": _[f"no_{name}"] & (_[f"has_{name}"] >= self.usual) for name in WORDS},
            odd_length=_.odd_length & (_.long_enough >= self.usual),
            odd_place=_.odd_place & (_.at_home >= self.usual),
        )
        flags = [f"no_{name}" for name in WORDS] + ["odd_length", "odd_place"]
        faults = functools.reduce(operator.add, (_[flag].cast("int64") for flag in flags))
        counted = told.mutate(faults=faults)
        month = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
        first = month.group_by("retailer_id").agg(first=_.day.min()).filter(_["first"] == on)
        return (
            counted.filter(_.faults > 0)
            .semi_join(first, "retailer_id")
            .select(
                *flags, "faults", subject_id=_.retailer_id, surprise=ibis.literal(self.surprise)
            )
        )

    def _judged(self, facts: Facts) -> ir.Table:
        number = _.licence_no.nullif("")
        known = facts.retailers.mutate(
            **{f"no_{name}": _[name].nullif("").isnull() for name in WORDS}
        )
        return known.select(
            "bureau",
            "retailer_id",
            *(f"no_{name}" for name in WORDS),
            odd_length=ibis.coalesce(number.length() != self.digits, False),
            odd_place=ibis.coalesce(number.substr(0, 6) != _.bureau, False),
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        empty = [words for name, words in WORDS.items() if row[f"no_{name}"]]
        parts = [f"缺{'、'.join(empty)}"] if empty else []
        if row["odd_length"]:
            parts.append(f"许可证号不是{self.digits}位")
        if row["odd_place"]:
            parts.append("许可证号前六位与本县区划不符")
        return f"客户档案有{row['faults']}处待补正：{'，'.join(parts)}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        mine = facts.retailers.join(wanted, "retailer_id")
        today = facts.orders.filter(_.day == on).join(wanted, "retailer_id")
        return stacked(
            rows_of(mine, "retailers", "retailer_id", "licence_no"),
            rows_of(today, "orders", "day", "order_id", "retailer_id"),
        )
