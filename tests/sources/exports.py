"""Small export files, and importing them as the command does."""

import datetime as dt
import io
from typing import Any

from accounts.models import Bureau
from documents.actions import store_file
from sources import lake
from sources.actions.importing import import_now
from sources.facts import COLUMNS, rows
from sources.models import Batch
from tests import make

NOON = dt.datetime(2026, 3, 9, 4, tzinfo=dt.UTC)
ON = dt.date(2026, 3, 31)

RETAILERS = """\
客户编码,县公司,客户名称,负责人,订货电话,经营地址,档位
451423100001,451423,阿兰便利店,黄某兰,13800001111,龙州镇一号,12
451423100002,451423,百货店,陆某,13800002222,龙州镇二号,5
"""
SKUS = """\
卷烟编码,名称,批发价
6901001,真龙(起源),80.00
6901002,真龙(海韵),150.00
"""
ORDERS = """\
订单号,客户编码,提交时间,订单总量,金额,状态
CO1,451423100001,2026-03-02 10:20:00,5,400.00,60
CO2,451423100002,2026-03-02 11:00:00,2,300.00,60
CO3,451423100001,2026-03-09 10:20:00,4,320.00,90
"""
LINES = """\
订单号,卷烟编码,订购量,限量
CO1,6901001,5,10
CO2,6901002,2,
CO3,6901001,4,10
"""
DELIVERIES = """\
订单号,送货日期,送达量,签收方式
CO1,2026-03-03,5,本人
CO2,2026-03-03,2,代签
"""
PAYMENTS = """\
订单号,扣款日期,付款账户,金额,户名
CO1,2026-03-02,6217000011112222,400.00,黄某兰
CO2,2026-03-02,6217000033334444,300.00,陆某
"""
CHANGES = """\
客户编码,变更日期,变更项目,变更前,变更后
451423100001,2026-03-05,档位,12,20
451423100002,2026-03-05,电话,13800002222,13900009999
451423100002,2026-03-05,经营地址,龙州镇二号,龙州镇三号
"""
FILES = {
    "零售客户档案.csv": RETAILERS,
    "卷烟目录.csv": SKUS,
    "订单主表.csv": ORDERS,
    "订单明细.csv": LINES,
    "配送.csv": DELIVERIES,
    "结算.csv": PAYMENTS,
    "客户信息变更.csv": CHANGES,
}


def bring(name: str, text: str, *, at: dt.datetime = NOON, bureau: Bureau | None = None) -> Batch:
    """Store and import one file of the county 451423."""
    place = bureau or make.bureau()
    stream = io.BytesIO(text.encode())
    file = store_file(stream=stream, name=name, bureau=place, purpose="import", by=None, at=at)
    return import_now(file=file, bureau=place, by=None, at=at)


def bring_all(files: dict[str, str] | None = None) -> dict[str, Batch]:
    return {name: bring(name, text) for name, text in (files or FILES).items()}


def counts(batch: Batch) -> dict[str, Any]:
    """The numbers of a batch's report that are not 0."""
    names = "added changed unchanged rejected held duplicates cancelled returns".split()
    return {name: batch.report[name] for name in names if batch.report[name]}


def known(on: dt.date = ON, *, bureau: str = "451423", **given: Any) -> dict[str, list[Any]]:
    """All facts of a county as rows without lineage, in order."""
    with lake.open_facts(on=on, bureaus=[bureau], **given) as facts:
        return {
            table: sorted(
                (
                    tuple(row[name] for name in COLUMNS[table])
                    for row in rows(getattr(facts, table))
                ),
                key=str,
            )
            for table in COLUMNS
        }


def fact(table: str, column: str, on: dt.date = ON, **given: Any) -> dict[Any, Any]:
    """A column of a table by the row's first column."""
    place = list(COLUMNS[table]).index(column)
    return {row[0]: row[place] for row in known(on, **given)[table]}
