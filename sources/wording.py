"""What codes of the sales system mean, and what is told of a file.

Codes without words are shown as they are.
"""

from collections.abc import Mapping
from typing import Any

from sources.importing.contract import Type
from sources.importing.totals import written

# Inferred from how two provinces use them; a bureau that means something else says so in its files.
CUSTOMER_STATUS = {"01": "新入网", "02": "正常", "03": "暂停", "04": "已退网"}


TYPES = {
    Type.TEXT: "文字",
    Type.CODE: "编码",
    Type.DATE: "日期",
    Type.WEEK: "周次",
    Type.DATETIME: "时间",
    Type.QUANTITY: "数量（条）",
    Type.MONEY: "金额（元）",
    Type.INTEGER: "整数",
    Type.NUMBER: "数值",
    Type.FLAG: "是或否",
    Type.HASHED: "证件、账号（不存原号）",
    Type.PHONE: "电话",
}
TAKEN_BY = {"profile": "本单位登记", "name": "英文列名", "title": "标准表头", "alias": "常见别名"}


def total_sentence(total: Mapping[str, Any]) -> str:
    """A control total of a batch's report in words."""
    unit = total["unit"]
    both = f"文件合计 {_amount(total['stated'], unit)}，逐行相加 {_amount(total['added'], unit)}"
    if total["agrees"]:
        less = f"（文件合计不含{total['without']}）" if total["without"] else ""
        text = f"{total['column']} {both}，一致{less}"
    else:
        apart = _amount(abs(total["stated"] - total["added"]), unit)
        text = f"{total['column']} 相差 {apart}：{both}"
    aside = [
        f"{words} {_amount(total[name], unit)}"
        for name, words in (("rejected", "未导入的行"), ("held", "留存的行"))
        if total[name]
    ]
    return f"{text}；其中{'、'.join(aside)}" if aside else text


def _amount(number: float, unit: str) -> str:
    return f"{number:,.2f} 元" if unit == "元" else f"{written(number)} {unit}"


def status_title(code: str) -> str:
    """A retailer's status in words, its code behind."""
    title = CUSTOMER_STATUS.get(code)
    return f"{title}（{code}）" if title else code
