"""What people call what raised an alert: a detector's title and code, or where a report came from."""

import re
import unicodedata

from alerts.detection import Detector
from alerts.detectors import all_detectors
from alerts.models import Origin

RULES = {Origin.SEIZURE: "seized_code"}  # what comes this way is the finding of a rule


def detector_of(key: str) -> type[Detector] | None:
    """The class of a key; None for a report, or a detector that an older version had.

    A registered seizure ("seizure:登记3/…") is the finding of the rule that follows codes.
    """
    wanted = RULES.get(key.partition(":")[0], key)  # type: ignore[call-overload]
    return next((known for known in all_detectors() if known.key == wanted), None)


def folded(reference: str) -> str:
    """A number as it is compared: ts-1, TS—1 and ＴＳ－１ are the same."""
    text = unicodedata.normalize("NFKC", reference).casefold()
    return re.sub(r"[\u2010-\u2015\u2212]+", "-", re.sub(r"\s+", "", text))[:60]


def title_of(key: str) -> str:
    known = detector_of(key)
    return known.title if known else _origin(key)


def code_of(key: str) -> str:
    """The rule number that people know."""
    known = detector_of(key)
    return known.code if known else _origin(key)


def _origin(key: str) -> str:
    """A report stands under its origin and number: "tip:JB-2026-031"."""
    origin = key.partition(":")[0]
    return Origin(origin).label if origin in Origin.values else key
