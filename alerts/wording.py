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
    basis = f"本户近26周常态{cartons(row['normal'])}、同县同访销日本周行情×{row['market']:.2f}"
    rare = f"本县近半年订单中{rarity(row['surprise'])}"
    now, due = cartons(row["qty"]), cartons(row["expected"])
    if row["weeks"] == 1:
        return f"本周订货{now}，{basis}，应在{due}左右，实际为{row['ratio']:.1f}倍；{rare}。"
    return (
        f"近{row['weeks']}次订货平均为应订数的{row['ratio']:.1f}倍：本周{now}，{basis}，"
        f"应在{due}左右；{rare}。"
    )
