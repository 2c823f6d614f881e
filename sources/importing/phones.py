"""Telephone numbers, licence and ID numbers, IP addresses: faults of form are doubts."""

import ipaddress
import re

from sources.importing.cells import NOTHING, Cell, half_width, is_masked, is_missing, is_scientific

_SEPARATORS = re.compile(r"[/、,;|\\]|\s{2,}|或|(?<=\d{7}) (?=\d{7})")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0\d{2,3})?\d{7,8}")


def read_phone(text: str) -> Cell:
    """The first number in the cell, digits only; several numbers or a bad form are a doubt."""
    whole = half_width(text)
    if is_missing(whole):
        return NOTHING
    if is_scientific(whole):
        return Cell(doubt=f"电话只剩科学计数法 {whole}，尾数已丢失，未采用")
    numbers = (_digits(part) for part in _SEPARATORS.split(whole))
    parts = [number for number in numbers if not is_missing(number)]
    if not parts:
        return Cell(doubt="不是电话号码，未采用")
    first = parts[0]
    if is_masked(first):
        return Cell(first, doubt="电话已被脱敏，无法比对")
    if not is_phone(first):
        return Cell(first, doubt="不像电话号码")
    if len(parts) > 1:
        return Cell(first, doubt=f"一格里有几个号码，只采用第一个，另有 {'、'.join(parts[1:])}")
    return Cell(first)


def is_phone(number: str) -> bool:
    return bool(_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number))


def _digits(part: str) -> str:
    number = re.sub(r"[\s()'\"=\-—–]", "", part)
    number = re.sub(r"^(\+86|0086|86(?=1[3-9]\d{9}$))", "", number)
    return re.sub(r"^(\d+)\.0$", r"\1", number)


def doubt_ip(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return "不是 IP 地址"
    return ""


def doubt_licence(text: str) -> str:
    return "" if re.fullmatch(r"\d{12}", text) else "许可证号不是 12 位数字"


def doubt_id(text: str) -> str:
    """ID cards have 15 or 18 digits, licences of firms 18 letters and digits."""
    if re.fullmatch(r"\d{15}|\d{17}[\dX]|[0-9A-HJ-NP-RT-UW-Y]{18}", text):
        return ""
    return "证件号码不是 15 位或 18 位"


def mask_phone(number: str | None) -> str | None:
    """138****1234; short or odd ones keep only their last two characters."""
    if number is None or "*" in number:
        return number
    if len(number) >= 7:
        return f"{number[:3]}****{number[-4:]}"
    return "****" + number[-2:]


def mask_account(number: str | None) -> str | None:
    """****1234: the last four are enough to talk about an account."""
    if number is None:
        return None
    return "****" + (number[-4:] if len(number) >= 8 else number[-1:])


def mask_id(number: str | None) -> str | None:
    """4514**********0012"""
    if number is None:
        return None
    if len(number) < 12:
        return mask_account(number)
    return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}"
