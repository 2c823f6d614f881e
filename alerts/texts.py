"""Names and addresses as two systems write them, made comparable. Pure Ibis."""

import ibis
from ibis import Deferred

DOTS = (" ", "\u3000", "·", "•", "．")
MARKS = (" ", "\u3000", "，", ",", "、", "。", "-", "－", "（", "）", "(", ")")


LISTING = (  # what stands between the codes that a form lists
    "；", "，", "、", ",", " ", "\u3000", "/", "|", "（", "）", "(", ")", "：", ":", "\n",
)  # fmt: skip


def lists(text: Deferred, code: Deferred) -> Deferred:
    """Whether a form's free text names this code, as a whole: R1 is not named by R12."""
    for mark in LISTING:
        text = text.replace(mark, ";")
    return (";" + text + ";").contains(";" + code + ";")


def plain_name(name: Deferred) -> Deferred:
    """A name without spaces and middle dots; null where there is none or it is masked."""
    name = _without(name, DOTS)
    return ibis.ifelse(name.contains("*") | name.contains("＊"), None, name.nullif(""))


def plain_address(address: Deferred) -> Deferred:
    """An address without spaces and the marks that people leave out; null where there is none."""
    address = _without(address, MARKS)
    return ibis.ifelse(address.contains("*") | address.contains("＊"), None, address.nullif(""))


def _without(text: Deferred, marks: tuple[str, ...]) -> Deferred:
    for mark in marks:
        text = text.replace(mark, "")
    return text
