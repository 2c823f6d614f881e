"""How large a stored finding's deviation is, and how people say it."""

import math
from collections.abc import Mapping
from typing import Any

from alerts.backtesting import as_row
from alerts.detection import Detector
from alerts.naming import detector_of


def size_of(detector: Detector, numbers: Mapping[str, Any], surprise: float) -> float | None:
    """The size of a stored row; None where its numbers, say of an older version, cannot tell."""
    try:
        size = detector.size({**as_row(numbers), "surprise": surprise})
    except (KeyError, TypeError, ZeroDivisionError):
        return None
    return size if 0 < size < math.inf else None


def said_size(key: str, size: float) -> str:
    """A size in people's words: 超出限量3条."""
    kind = detector_of(key)
    return kind.deviation.format(size) if kind else f"{size:.1f}"
