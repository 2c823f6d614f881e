"""What one cell says: pure functions from its text to a value, a fault or a doubt.

`columns.py` calls these for distinct texts that are not plain already, never row by row. None of
them raises. A fault rejects the row; a doubt lets it load and lists the cell. Reasons are for users.
"""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MISSING = frozenset(
    {"", "NULL", "null", "Null", "N", "n", "-", "--", "—", "——", "－", "/", "\\N", "nan", "NaN"}
    | {"None", "none", "#N/A", "N/A", "<NA>", "NaT"}
)
_SPACES = str.maketrans({"\u3000": " ", "\xa0": " ", "\u2007": " ", "\u202f": " "})
_INVISIBLE = re.compile("[\x00\ufeff\u200b-\u200d\u2060\u202a-\u202e]")
_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2212: 0x2D}
_SCIENTIFIC = re.compile(r"[+-]?\d(\.\d+[eE]\+?|[eE]\+)\d{1,3}")
_ROUND_FLOAT = re.compile(r"(\d+)\.0+")
_NUMBER = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d*)?)")
_WITH_UNIT = re.compile(
    r"[¥￥]?\s*([^条件箱万支包盒元角分档\s]+)\s*(条|件|大箱|箱|万支|支|包|盒|万元|元|档)?"
)
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]+(.*))?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_ISO_WEEK = re.compile(r"(\d{4})\s*[-年]?\s*(?:[Ww]|第)\s*(\d{1,2})周?")
_TIME = re.compile(
    r"(上午|下午|AM|PM)?\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?\s*(AM|PM)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_EXCEL_DAY_0 = dt.date(1899, 12, 30)
_LOST = "只剩科学计数法 {value}，尾数已丢失，请在导出时把该列设为文本"
CHINA = dt.timezone(dt.timedelta(hours=8))

# Cartons in one unit of a quantity; yuan in one unit of money.
CARTONS = {
    "条": Decimal(1),
    "件": Decimal(50),
    "箱": Decimal(250),
    "大箱": Decimal(250),
    "万支": Decimal(50),
    "支": Decimal(1) / 200,
    "包": Decimal(1) / 10,
    "盒": Decimal(1) / 10,
}
YUAN = {"元": Decimal(1), "万元": Decimal(10_000), "千元": Decimal(1000), "分": Decimal(1) / 100}
TRUE = frozenset(
    [
        "1",
        "是",
        "有",
        "真",
        "营业",
        "正常营业",
        "正常",
        "开门",
        "开业",
        "营业中",
        "Y",
        "y",
        "T",
        "t",
        "TRUE",
        "True",
        "true",
        "YES",
        "Yes",
        "yes",
        "√",
        "✓",
    ]
)
FALSE = frozenset(
    [
        "0",
        "否",
        "无",
        "假",
        "未营业",
        "不营业",
        "停业",
        "歇业",
        "关门",
        "暂停营业",
        "N",
        "n",
        "F",
        "f",
        "FALSE",
        "False",
        "false",
        "NO",
        "No",
        "no",
        "×",
        "x",
    ]
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value (None: nothing there), why its row must be rejected, or why it is doubtful."""

    value: Any = None
    fault: str = ""
    doubt: str = ""


NOTHING = Cell()


def tidy(text: str) -> str:
    """The text without spreadsheet tricks: `="…"`, a leading apostrophe, odd spaces."""
    before = None
    while text != before:
        before = text
        text = _INVISIBLE.sub("", text).translate(_SPACES).strip()
        if text.startswith('="') and text.endswith('"') and len(text) > 2:
            text = text[2:-1].replace('""', '"')
        text = text.removeprefix("'")
    return text


def half_width(text: str) -> str:
    """Full-width letters, digits, brackets and spaces as ASCII."""
    return tidy(text.translate(_HALF))


def is_missing(text: str) -> bool:
    return text in MISSING


def is_scientific(text: str) -> bool:
    """Whether an identifier is only a rounded number: its last digits are lost."""
    return _SCIENTIFIC.fullmatch(text) is not None


def is_masked(text: str) -> bool:
    """Whether upstream hid part of it: it cannot be compared."""
    return "*" in text or "xxxx" in text.lower() or "****" in half_width(text)


def read_text(text: str) -> Cell:
    text = tidy(text)
    return NOTHING if is_missing(text) else Cell(text)


def read_code(text: str) -> Cell:
    """An identifier: no blanks, half-width; what lost digits is a fault, never a guess."""
    code = re.sub(r"\s", "", half_width(text))
    if is_missing(code):
        return NOTHING
    if is_scientific(code):
        return Cell(fault=_LOST.format(value=code))
    if whole := _ROUND_FLOAT.fullmatch(code):
        if len(whole[1]) > 15:
            return Cell(
                fault=f"{code} 曾被存为数值，15 位以后的数字已丢失，请在导出时把该列设为文本"
            )
        code = whole[1]
    return Cell(code)


def read_account(text: str) -> Cell:
    """An account or ID number in the form that is hashed: upper case, no blanks or dashes."""
    cell = read_code(half_width(text).replace("-", ""))
    if cell.value is None:
        return cell
    account = cell.value.upper()
    if is_masked(account):
        return Cell(doubt="已被脱敏，无法比对")
    return NOTHING if is_missing(account) else Cell(account)


def read_number(text: str) -> Cell:
    """A plain number as Decimal; knows thousands separators, (1,234) and a trailing minus."""
    number = half_width(text).replace(" ", "").lstrip("¥￥")
    if is_missing(number):
        return NOTHING
    if is_scientific(number):
        return Cell(
            fault=f"数值 {number} 是科学计数法，可能已丢失精度，请在导出时把该列设为常规数字"
        )
    if number.startswith("(") and number.endswith(")"):
        number = "-" + number[1:-1]
    elif number.endswith("-"):
        number = "-" + number[:-1]
    found = _NUMBER.fullmatch(number)
    if found is None:
        return Cell(fault=f"「{shorten(text)}」不是数字，请改正后重新导入")
    digits = found[2].replace(",", "")
    if len(digits.partition(".")[0].lstrip("0")) > 15:
        return Cell(fault=f"数字「{shorten(text)}」超过 15 位，不合常理，请核对该列是否对应正确")
    return Cell(Decimal(found[1] + digits))


def read_amount(text: str, units: dict[str, Decimal], factor: Decimal) -> Cell:
    """A number with a unit of its own ("3件") or, without one, in units of `factor`."""
    found = _WITH_UNIT.fullmatch(half_width(text).replace(" ", ""))
    cell = read_number(found[1] if found and found[2] in units else text)
    if cell.value is None:
        return cell
    return Cell(cell.value * (units[found[2]] if found and found[2] in units else factor))


def read_integer(text: str) -> Cell:
    found = _WITH_UNIT.fullmatch(half_width(text))
    cell = read_number(found[1] if found and found[2] == "档" else text)
    if cell.value is None:
        return cell
    if cell.value != int(cell.value):
        return Cell(fault=f"「{shorten(text)}」不是整数")
    return Cell(int(cell.value))


def read_flag(text: str) -> Cell:
    word = half_width(text)
    if word in TRUE:
        return Cell(value=True)
    if word in FALSE:
        return Cell(value=False)
    if is_missing(word):
        return NOTHING
    return Cell(doubt=f"「{shorten(text)}」不是“是”或“否”，按未填处理")


def read_date(text: str) -> Cell:
    cell = read_datetime(text)
    return Cell(cell.value.date()) if cell.value is not None else cell


def read_week(text: str) -> Cell:
    """The Monday of the week; other weekdays are moved back to it, with a doubt."""
    if found := _ISO_WEEK.fullmatch(half_width(text)):
        try:
            return Cell(dt.date.fromisocalendar(int(found[1]), int(found[2]), 1))
        except ValueError:
            return Cell(fault=f"「{shorten(text)}」不是有效的周次")
    cell = read_date(text)
    if cell.value is None or cell.value.weekday() == 0:
        return cell
    monday = cell.value - dt.timedelta(days=cell.value.weekday())
    return Cell(monday, doubt=f"不是星期一，按所在周的星期一 {monday} 处理")


def read_datetime(text: str) -> Cell:
    """A moment of China time, without zone; a date alone is its midnight."""
    moment = half_width(text)
    if is_missing(moment) or not moment.strip("0-/. :"):
        return NOTHING
    try:
        found = _moment(moment)
    except (ValueError, OverflowError):
        found = None
    if found is None or not 1900 <= found.year <= 9999:
        return Cell(fault=_why_no_date(moment))
    return Cell(found)


def _moment(text: str) -> dt.datetime | None:
    if found := _DATE.fullmatch(text):
        return _at(dt.date(int(found[1]), int(found[2]), int(found[3])), found[4] or "0:00")
    if found := _PACKED.fullmatch(text):
        day = dt.date(int(found[1]), int(found[2]), int(found[3]))
        return _at(day, f"{found[4] or 0}:{found[5] or '00'}:{found[6] or '00'}")
    if (found := _SERIAL.fullmatch(text)) and 20_000 <= int(found[1]) <= 80_000:
        seconds = round(float(found[2] or 0) * 86_400)
        day = _EXCEL_DAY_0 + dt.timedelta(days=int(found[1]))
        return dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=seconds)
    return None


def _at(day: dt.date, clock: str) -> dt.datetime | None:
    found = _TIME.fullmatch(clock.strip())
    if found is None:
        return None
    before, hours, minutes, seconds, fraction, after, zone = found.groups()
    hour = int(hours)
    half = (before or after or "").upper()
    if half in {"下午", "PM"} and hour < 12:
        hour += 12
    elif half in {"上午", "AM"} and hour == 12:
        hour = 0
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    moment = dt.datetime.combine(day, dt.time(hour, int(minutes), int(seconds or 0), micro))
    if not zone:
        return moment
    zoned = dt.datetime.fromisoformat(moment.isoformat() + zone.upper().replace("Z", "+00:00"))
    return zoned.astimezone(CHINA).replace(tzinfo=None)


def _why_no_date(text: str) -> str:
    if re.fullmatch(r"\d{1,2}月\d{1,2}日?", text):
        return f"日期「{shorten(text)}」没有年份，请补上年份"
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}", text):
        return f"日期「{shorten(text)}」的年月日次序不明，请改为 2025-06-23 的形式"
    return f"「{shorten(text)}」不是日期，请改为 2025-06-23 的形式"


def shorten(text: str) -> str:
    """At most 80 characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
