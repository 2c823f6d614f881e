"""The rules as a book of lines: what may be set, between which limits, and what differs. Pure.

A version or a change stores only what differs from the defaults: `parameters` (detector -> field ->
value) and `policy` (fields of alerts.grading.Policy). Here they are laid out line by line.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.detection import FAMILIES, Detector
from alerts.detectors import all_detectors
from alerts.grading import Policy

Value = float | int | bool
WEIGHTS = (-12.0, 3.0)  # log10; the lowest keeps a kind off every list


@dataclass(frozen=True)
class Line:
    """One thing that can be set: its address, its words, its limits and the value without a city's."""

    key: str  # "vol_order.ratio", "policy.red", "weight.vol_order", "off.vol_order"
    label: str
    unit: str
    low: float
    high: float
    default: Value
    source: str
    whole: bool = False
    of: str = ""  # the rule it belongs to, as people call it
    is_switch: bool = False

    def said(self, value: Value) -> str:
        """A value as people read it, with its unit."""
        if self.is_switch:
            return "停用" if value else "启用"
        text = f"{value:g}"
        return f"{text} {self.unit}" if self.unit and self.unit != "lg" else text

    def problem(self, value: Any) -> str:
        """Why a value cannot stand here, in Chinese; nothing where it can."""
        if self.is_switch:
            return "" if isinstance(value, bool) else f"{self.title}只能启用或停用。"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{self.title}须为数字。"
        if not self.low <= value <= self.high:
            unit = f" {self.unit}" if self.unit else ""
            return f"{self.title}须在 {self.low:g} 至 {self.high:g}{unit}之间，现为 {value:g}。"
        if self.whole and value != int(value):
            return f"{self.title}须为整数，现为 {value:g}。"
        return ""

    @property
    def title(self) -> str:
        """What a message calls it: 「规则：参数」."""
        return f"「{self.of}：{self.label}」" if self.of else f"「{self.label}」"


@dataclass(frozen=True)
class Chapter:
    """A detector with its lines."""

    kind: type[Detector]
    lines: tuple[Line, ...]
    weight: Line
    off: Line


@dataclass(frozen=True)
class Difference:
    """One line that two books fill differently."""

    line: Line
    old: Value
    new: Value

    @property
    def said(self) -> str:
        return f"{self.line.title}{self.line.said(self.old)} → {self.line.said(self.new)}"


@dataclass(frozen=True)
class Book:
    """All lines with a city's values; those not set have the default."""

    parameters: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)

    def value(self, line: Line) -> Value:
        where, _, name = line.key.partition(".")
        if where == "policy":
            return self.policy.get(name, line.default)  # type: ignore[no-any-return]
        if where == "weight":
            return self.policy.get("weights", {}).get(name, line.default)  # type: ignore[no-any-return]
        if where == "off":
            return name in self.policy.get("off", ())
        return self.parameters.get(where, {}).get(name, line.default)

    def problems(self) -> dict[str, str]:
        """What cannot stand, by the line's address."""
        known = lines()
        found = {key: line.problem(self.value(line)) for key, line in known.items()}
        found |= {key: f"没有「{key}」这一项。" for key in self._unknown(known)}
        cuts = [self.value(known[f"policy.{name}"]) for name in ("red", "orange", "yellow", "blue")]
        if any(lower >= higher for higher, lower in itertools.pairwise(cuts)):
            found["policy.red"] = found["policy.red"] or "四级分数线须红、橙、黄、蓝依次降低。"
        return {key: text for key, text in found.items() if text}

    def _unknown(self, known: Mapping[str, Line]) -> list[str]:
        given = [f"{key}.{name}" for key, some in self.parameters.items() for name in some]
        given += [f"policy.{name}" for name in self.policy if name not in {"weights", "off"}]
        given += [f"weight.{key}" for key in self.policy.get("weights", {})]
        given += [f"off.{key}" for key in self.policy.get("off", ())]
        return [key for key in given if key not in known]

    def differences(self, other: "Book") -> list[Difference]:
        """What changes from this book to another, in the order of the page."""
        return [
            Difference(line, self.value(line), other.value(line))
            for line in lines().values()
            if self.value(line) != other.value(line)
        ]

    def with_values(self, values: Mapping[str, Value]) -> "Book":
        """This book with some lines filled anew; a default is not written down."""
        filled = {line.key: values.get(line.key, self.value(line)) for line in lines().values()}
        return of_values(filled)


def of_values(values: Mapping[str, Value]) -> Book:
    """A book of lines' values, holding only what differs from the defaults."""
    parameters: dict[str, dict[str, Value]] = {}
    policy: dict[str, Any] = {}
    for key, line in lines().items():
        if key not in values or values[key] == line.default:
            continue
        value = values[key]
        if line.whole and isinstance(value, float) and value.is_integer():
            value = int(value)
        where, _, name = key.partition(".")
        if where == "policy":
            policy[name] = value
        elif where == "weight":
            policy.setdefault("weights", {})[name] = value
        elif where == "off":
            policy.setdefault("off", []).append(name)
        else:
            parameters.setdefault(where, {})[name] = value
    return Book(parameters, policy)


def chapters() -> list[Chapter]:
    """Every detector with what can be set of it, in the families' order."""
    order = list(FAMILIES)
    kinds = sorted(all_detectors(), key=lambda kind: (order.index(kind.family), kind.code))
    return [_chapter(kind) for kind in kinds]


def _chapter(kind: type[Detector]) -> Chapter:
    of = f"{kind.code} {kind.title}"
    return Chapter(
        kind=kind,
        lines=tuple(_line(kind, one, of) for one in dataclasses.fields(kind)),
        weight=Line(
            f"weight.{kind.key}", "先验权重", "lg", *WEIGHTS, kind.weight, "本系统回测", of=of
        ),
        off=Line(
            f"off.{kind.key}", "停用", "", 0, 1, default=False, source="", of=of, is_switch=True
        ),
    )  # fmt: skip


def _line(kind: type[Detector], one: "dataclasses.Field[Any]", of: str) -> Line:
    limits = one.metadata
    return Line(
        key=f"{kind.key}.{one.name}",
        label=limits["help"],
        unit=limits["unit"],
        low=limits["low"],
        high=limits["high"],
        default=getattr(kind, one.name),
        source=limits["source"],
        whole=isinstance(one.default, int),
        of=of,
    )


def _policy(name: str, label: str, unit: str, low: float, high: float, source: str = "") -> Line:
    default: float | int = getattr(Policy(), name)
    return Line(
        f"policy.{name}", label, unit, low, high, default, source or "本系统回测",
        whole=isinstance(default, int),
    )  # fmt: skip


POLICY = (
    _policy("red", "红色分数线", "分", 1, 20),
    _policy("orange", "橙色分数线", "分", 1, 20),
    _policy("yellow", "黄色分数线", "分", 1, 20),
    _policy("blue", "蓝色分数线（名单下限）", "分", 1, 20),
    _policy("budget_share", "每日名单占当日订货户的比例", "", 0, 0.1),
    _policy("cooldown_days", "冷却期", "天", 0, 180),
    _policy("escalation", "冷却期内再次上榜须高出", "分", 0, 10),
    _policy("strong", "一类证据算作有力的下限", "分", 0.5, 8),
    _policy("second_share", "第二类证据计入比例", "", 0, 1),
    _policy("third_share", "第三类证据计入比例", "", 0, 1),
    _policy("unshared", "其他类证据从几分起计", "分", 0, 5),
    _policy("most_surprise", "单项证据封顶", "分", 3, 20),
    _policy("audit_share", "随机抽查占名单的比例", "", 0, 0.5),
    _policy("audit_floor", "随机抽查的分数下限", "分", 0.5, 5),
    _policy("flood_factor", "规则异常：超过平常的倍数", "倍", 1.5, 50, "本系统设定"),
    _policy("flood_least", "规则异常：一晚少于此数不算", "项", 1, 1000, "本系统设定"),
)


def lines() -> dict[str, Line]:
    """Every line by its address: the policy's, then each detector's."""
    found = {line.key: line for line in POLICY}
    for chapter in chapters():
        for line in (*chapter.lines, chapter.weight, chapter.off):
            found[line.key] = line
    return found


def since(history: Iterable[tuple[int, Book]]) -> dict[str, int]:
    """For every line, the number of the version since which it has its present value.

    `history`: version numbers and their books, oldest first. Lines that never changed are left out.
    """
    begun: dict[str, int] = {}
    before: Book = Book()
    for number, book in history:
        for difference in before.differences(book):
            begun[difference.line.key] = number
        before = book
    return begun
