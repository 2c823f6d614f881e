"""The morning board's sections: the supervisor's own grouping of what detectors look for."""

from dataclasses import dataclass

from alerts.detectors import all_detectors


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    families: tuple[str, ...]
    prefix: str = ""  # of the rule's code, where the family alone does not tell


LICENCES = Section("licence", "许可证", (), "LIC")
SECTIONS = (
    Section("volume", "订单量", ("VOL", "STRUCT", "PATTERN", "CYCLE")),
    Section("customer", "客户信息异常", ("INFO", "TIER")),
    LICENCES,
    Section("settlement", "配送结算", ("DELIV", "PAY")),
    Section("links", "关联", ("LINK", "INT")),
    Section("outflow", "外流", ("CASE",)),
    Section("supply", "投放", ("LIMIT",)),
    Section("complaints", "投诉", ("CMP",)),
)


def licence_detectors() -> list[str]:
    """Keys of the detectors about licences: they share a family with customer information."""
    return [kind.key for kind in all_detectors() if kind.code.startswith(LICENCES.prefix)]


def section_of(detector: str, family: str) -> Section:
    """The section of an alert led by a detector."""
    if detector in licence_detectors():
        return LICENCES
    return next((one for one in SECTIONS if family in one.families), SECTIONS[0])
