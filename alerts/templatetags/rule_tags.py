"""What templates need to speak of rules: values with their units, steps of sliders, differences."""

from django import template

from alerts.rulebook import Line, Value

register = template.Library()


@register.filter
def said(line: Line, value: Value) -> str:
    """A value of a line as people read it."""
    return line.said(value)


@register.filter
def step(line: Line) -> str:
    """How far a slider moves: whole numbers, or about a hundred steps."""
    if line.whole:
        return "1"
    width = line.high - line.low
    return next((f"{size:g}" for size in (0.001, 0.01, 0.05, 0.1) if width / size <= 200), "0.5")


@register.filter
def signed(number: int) -> str:
    """A difference with its sign: +3, −2, 0."""
    return f"+{number}" if number > 0 else f"−{-number}" if number < 0 else "0"


@register.filter
def part_of(number: int, whole: int) -> int:
    """A share in whole per cent."""
    return round(100 * number / whole) if whole else 0
