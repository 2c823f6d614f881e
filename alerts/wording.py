"""Phrases that the sentences of several detectors share."""

import datetime as dt
from collections.abc import Mapping
from typing import Any


def rarity(surprise: float) -> str:
    """How rare it is. Calibration was checked to one in a thousand, so it claims no more."""
    share = 10.0**-surprise
    if share < 0.001:
        return "不到千分之一"
    if share < 0.01:
        return f"约千分之{share * 1000:.0f}"
    return f"约百分之{share * 100:.0f}"


def cartons(quantity: float) -> str:
    """A quantity as people write it: whole cartons, one decimal below ten."""
    text = f"{quantity:.0f}" if quantity >= 10 else f"{quantity:.1f}".removesuffix(".0")
    return f"{text}条"


def date(day: dt.date) -> str:
    """A day as people write it within a year."""
    return f"{day.month}月{day.day}日"


def volume(row: Mapping[str, Any]) -> str:
    """Quantity against the shop's own normal and the market of its order day."""
    basis = (
        f"本户近半年平常每次{cartons(row['normal'])}左右，"
        f"本县同一访销日各户本周{beside_usual(row['market'])}，照此应订{cartons(row['expected'])}左右"
    )
    rare = f"这样的情况在本县近半年订单中{rarity(row['surprise'])}"
    now = cartons(row["qty"])
    if row["weeks"] == 1:
        return f"本周订货{now}；{basis}，实际是它的{row['ratio']:.1f}倍；{rare}。"
    return f"近{row['weeks']}次订货平均是应订数的{row['ratio']:.1f}倍：本周{now}，{basis}；{rare}。"


def beside_usual(ratio: float) -> str:
    """How much more or less than usual others order, in words."""
    change = round((ratio - 1) * 100)
    if not change:
        return "与平常一样"
    return f"比平常多订{change}%" if change > 0 else f"比平常少订{-change}%"


def person(name: str | None) -> str:
    """A name as the pages show it: its ends, so that nobody is told another's."""
    if not name:
        return "未登记"
    if len(name) < 5:
        return name[:1] + "*" * (len(name) - 1)
    return f"{name[:3]}****{name[-2:]}"
