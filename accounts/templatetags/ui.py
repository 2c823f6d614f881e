"""What every page's templates need: icons, and numbers and moments in the house's writing."""

import datetime as dt
import re
from itertools import zip_longest

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

WEEKDAYS = "一二三四五六日"
_FIGURE = re.compile(
    r"(?<![\dA-Za-z.\-])(\d[\d,]*(?:\.\d+)? ?(?:条|户|倍|%|次|元|万元|单|个品规|张|米|件))"
)
_TIGHT = re.compile(r"(?<=[\u4e00-\u9fff])(?=\d)|(?<=[\d%])(?=[\u4e00-\u9fff])")


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of static/icons.svg, decorative: the word beside it or an aria-label says it."""
    return format_html(
        '<svg class="ico {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f"ico-{size}" if size else "",
        static("icons.svg"),
        name,
    )


@register.filter
def figures(sentence: str) -> SafeString:
    """The sentence spaced between digits and characters, its numbers with units in bold."""
    words = _FIGURE.split(_TIGHT.sub(" ", str(sentence)))  # text and figures take turns
    pairs = zip_longest(words[::2], words[1::2])
    return format_html_join("", "{}{}", ((word, _bold(figure)) for word, figure in pairs))


def _bold(figure: str | None) -> str:
    return format_html("<b>{}</b>", figure) if figure else ""


@register.filter
def cartons(quantity: float | None) -> str:
    """Cartons with a space every three digits, and a decimal only where there is one."""
    if quantity is None:
        return "—"
    text = f"{quantity:,.1f}".replace(",", " ")
    return text.removesuffix(".0")


@register.filter
def count(number: int | None) -> str:
    """A whole number with a space every three digits."""
    return f"{number:,}".replace(",", " ") if isinstance(number, int) else "—"


@register.filter
def yuan(fen: int | None) -> str:
    """Money in yuan from whole fen."""
    return "—" if fen is None else f"{fen / 100:,.2f}".replace(",", " ")


@register.filter
def percent(share: float | None) -> str:
    """A share of one as a percentage."""
    return "—" if share is None else f"{share * 100:.1f}".removesuffix(".0") + "%"


@register.filter
def seconds(value: float | None) -> str:
    """How long something took."""
    if value is None:
        return "—"
    if value < 60:
        return f"{value:.1f} 秒"
    return f"{int(value // 60)} 分 {int(value % 60)} 秒"


@register.filter
def day(date: dt.date | None) -> str:
    """A date as people say it: 11 月 23 日 周一, with the year when it is another."""
    if date is None:
        return "—"
    year = "" if date.year == timezone.localdate().year else f"{date.year} 年 "
    return f"{year}{date.month} 月 {date.day} 日 周{WEEKDAYS[date.weekday()]}"


@register.filter
def moment(at: dt.datetime | None) -> str:
    """A moment as people say it: 今日 08:32, 昨日 17:05, 11 月 16 日 02:09."""
    if at is None:
        return "—"
    local = timezone.localtime(at)
    days = (timezone.localdate() - local.date()).days
    if days in (0, 1):
        return f"{('今日', '昨日')[days]} {local:%H:%M}"
    year = "" if local.year == timezone.localdate().year else f"{local.year} 年 "
    return f"{year}{local.month} 月 {local.day} 日 {local:%H:%M}"


@register.filter
def get(mapping: dict[str, object] | None, key: str) -> object:
    """A value of a mapping whose key is not a name, or nothing."""
    return (mapping or {}).get(key, "")
