"""The parts of a report that people fill in, each saved by itself with a version of its own."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError

from reports.sections import PLAN, TEXTS
from reports.sheet import CURRENT, SHEETS

NOTE, SELF = "note", "self"
TITLES = {
    **{section.key: section.title for section in TEXTS},
    PLAN.key: PLAN.title,
    NOTE: "口径说明",
    SELF: "自评",
}
LONGEST_TEXT = 20_000  # characters
MOST_ROWS = 30
PLAN_FIELDS = {"matter": "事项", "who": "责任人", "until": "时限"}
HALF = Decimal("0.5")


def checked(key: str, value: Any) -> Any:
    """The part's value as it is kept. Raises ValidationError for what cannot be."""
    if key == PLAN.key:
        return _plan(value)
    if key == SELF:
        return _self_scores(value)
    text = str(value).replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise ValidationError(f"「{TITLES[key]}」超过 {LONGEST_TEXT} 字，未保存。请删减后再保存。")
    return text


def _plan(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows with anything in them; a date must be one."""
    kept = [{name: row.get(name, "").strip()[:300] for name in PLAN_FIELDS} for row in rows]
    kept = [row for row in kept if any(row.values())]
    if len(kept) > MOST_ROWS:
        raise ValidationError(f"下月工作安排至多 {MOST_ROWS} 项，未保存。")
    for row in kept:
        try:
            if row["until"]:
                dt.date.fromisoformat(row["until"])
        except ValueError:
            raise ValidationError(f"时限“{row['until']}”不是日期，未保存。") from None
    return kept


def _self_scores(scores: dict[str, str]) -> dict[str, str]:
    """Points of the items that were scored, half points allowed, none above the standard."""
    kept = {}
    for item in SHEETS[CURRENT].items:
        text = scores.get(str(item.number), "").strip()
        if text:
            kept[str(item.number)] = str(points(text, most=item.standard, title=item.title))
    return kept


def points(text: str, *, most: Decimal, title: str) -> Decimal:
    """Points as people type them, from 0 to the standard in halves."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= most or value % HALF:
        raise ValidationError(f"「{title}」请填 0 至 {most:f} 之间的分数，可用 0.5 分。")
    return value.quantize(Decimal("0.1"))
