"""How a line of the stock sheet fills the boxes of its form: cartons and packs apart."""

from django import template

from cases.actions.stock import PACKS
from cases.models import StockLine
from cases.reading import gap as gap_in_words

register = template.Library()


@register.filter
def plain(value: float | None) -> str:
    """A number as an input has it; empty where there is none."""
    return "" if value is None else f"{value:g}"


@register.filter
def whole(value: float | None) -> str:
    """The full cartons of a quantity."""
    return "" if value is None else str(int(round(value * PACKS) // PACKS))


@register.filter
def packs(value: float | None) -> str:
    """The packs beyond the full cartons; empty where there are none."""
    rest = 0 if value is None else round(value * PACKS) % PACKS
    return str(rest) if rest else ""


@register.filter
def gap(value: float | None) -> str:
    """A difference in words: 相符, or with its sign."""
    return gap_in_words(value)


@register.filter
def entries(line: StockLine) -> list[tuple[str, str, str]]:
    """The boxes that are filled in more rarely: name, label, value."""
    return [
        ("opening", "期初（条）", plain(line.opening or None)),
        ("returned", "退货（条）", plain(line.returned or None)),
        ("sold", "销售（条）", plain(line.sold or None)),
        ("store", "库房（条）", whole(line.store)),
        ("store_packs", "库房（包）", packs(line.store)),
        ("codes_checked", "抽查码（条）", plain(line.codes_checked or None)),
        ("codes_foreign", "非本户码", plain(line.codes_foreign or None)),
        ("codes_missing", "无码、损码", plain(line.codes_missing or None)),
    ]
