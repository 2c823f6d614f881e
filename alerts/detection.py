"""What a detector is. Pure: Ibis tables in, an Ibis table out; no clock, engine, file or model."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import ibis.expr.types as ir

from sources.facts import Facts

FAMILIES = {
    "VOL": "订单量",
    "STRUCT": "订单结构",
    "LIMIT": "顶格与投放",
    "PATTERN": "订货形态",
    "LINK": "关联",
    "DELIV": "配送",
    "PAY": "结算",
    "INFO": "客户与许可证信息",
    "TIER": "档位",
    "CYCLE": "订货周期",
    "CASE": "外流",
    "INT": "内部行为",
    "CMP": "投诉与动销",
}
GRADES = ("红", "橙", "黄", "蓝")


def param(
    default: Any,
    *,
    help: str,
    unit: str,
    low: float,
    high: float,
    source: str,
) -> Any:
    """Declare a tunable parameter: its default, meaning, unit, range, and where it comes from."""
    limits = {"help": help, "unit": unit, "low": low, "high": high, "source": source}
    return dataclasses.field(default=default, metadata=limits)


@dataclass(frozen=True, kw_only=True)
class Detector:
    """Base of all detectors: the texts that people read, the parameters, and the methods.

    Statutory detectors (`statutory = True`) are rules of a document: every hit goes to the ledger of
    hits. So does what only fills a work list (`worklist = True`: reminders, faults of the files): it
    seldom is an alert, and would be seen nowhere else. `floor` gives the lowest grade that a hit's facts allow, whatever its score.
    """

    key: ClassVar[str]  # the module's name and the export's alert_type; stored, so never renamed
    code: ClassVar[str]  # what the bureaus call it; shown on pages
    family: ClassVar[str]
    scope: ClassVar[Literal["bureau", "all"]]  # "all": its rings may cross counties
    subject: ClassVar[Literal["retailer", "sku", "staff", "route", "bureau"]]
    inputs: ClassVar[tuple[str, ...]]  # "table.column"; it sees nothing else
    optional: ClassVar[tuple[str, ...]] = ()  # those of inputs that may be missing (then null)
    statutory: ClassVar[bool] = False
    worklist: ClassVar[bool] = False
    judges: ClassVar[tuple[str, ...]] = ()  # parameters that `holds` and `floor` decide by
    shares: ClassVar[str] = ""  # what the members of a link share, in words: "订货设备"
    weight: ClassVar[float] = 0.0  # prior weight of the kind, log10; feedback tunes it

    title: ClassVar[str]
    looks_for: ClassVar[str]
    why_it_matters: ClassVar[str]
    innocent_causes: ClassVar[str]
    next_steps: ClassVar[str]
    deviation: ClassVar[str]  # what `size` counts, in words around the number: "超出限量{:.0f}条"
    measure: ClassVar[str]  # the number of a row that is its size; else `size` is overridden

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, limits = getattr(self, field.name), field.metadata
            if not limits["low"] <= value <= limits["high"]:
                raise ValueError(f"{self.key}.{field.name}: {value} is out of range")

    @classmethod
    def waits_for(cls, facts: Facts) -> list[str]:
        """The "table.column"s without which it cannot be computed, and that no import brought."""
        return facts.lacking(set(cls.inputs) - set(cls.optional))

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a subject: subject_id, surprise (-log10 p, 0 to 50), and the sentence's numbers.

        A LINK detector also gives `link` (what the members share), by which cases are proposed.
        """
        raise NotImplementedError

    def sentence(self, row: Mapping[str, Any]) -> str:
        """The reason, in one Chinese sentence of 10 to 120 characters made of that row's numbers."""
        raise NotImplementedError

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        """The source rows behind each row of found, 1 to 50 a subject, of the subject's bureau only.

        Columns: subject_id, source (the fact table's name), bureau, batch_id, row_no, and others.
        """
        raise NotImplementedError

    def floor(self, row: Mapping[str, Any]) -> str | None:  # noqa: ARG002
        """The lowest grade that this hit's facts allow, or None where only the score decides."""
        return None

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Whether the hit concerns the bureau's own people: then city and discipline see it."""
        return False

    def hit(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Whether this row goes to the ledger: it breaks a statutory rule, or is on a work list.

        Found rows may also be mere surprises.
        """
        return self.statutory or self.worklist

    def size(self, row: Mapping[str, Any]) -> float:
        """How large the deviation is, on a linear scale: twice as large ends an exemption from it."""
        return float(row[self.measure])

    def holds(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Whether a row that was stored under other parameters would be found under these.

        Back-tests ask, by the row's numbers alone; `judges` names the parameters they can tell of.
        """
        return True
