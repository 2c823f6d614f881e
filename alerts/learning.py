"""What closed alerts say about each detector's weight: a proposal that a person adopts. Pure.

After each spell of closed alerts a detector's precision is estimated (a Beta posterior around the
precision of all), and its weight moved towards what that says.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scipy import stats

from alerts.detection import Detector

PRIOR = 8.0  # closed alerts that the precision of all is worth
RATE = 0.7  # of the difference is learnt at a time
LEAST, MOST = -1.2, 1.5  # beyond them no weight is moved
LEAST_VOLUME = -0.5  # volume is rarely proven and asked for all the same
ENOUGH = 3  # closed alerts from which on a weight is moved
ENOUGH_VISITS = 20  # random visits before which nothing is said of the others


@dataclass(frozen=True)
class Row:
    """One detector of the table."""

    detector: str
    closed: int
    confirmed: int
    precision: float  # posterior mean
    low: float  # 90 % interval
    high: float
    old: float
    new: float

    def as_json(self) -> dict[str, Any]:
        return {
            name: round(v, 3) if isinstance(v, float) else v for name, v in asdict(self).items()
        }


def learn(
    verdicts: Iterable[tuple[str, bool]],
    weights: Mapping[str, float],
    kinds: Mapping[str, type[Detector]],
) -> list[Row]:
    """The table, most closed alerts first.

    `verdicts`: for each alert that was really checked, the detector that led it and whether it was
    confirmed. `weights`: those in force. Detectors that led nothing are left out.
    """
    closed: dict[str, int] = {}
    confirmed: dict[str, int] = {}
    for detector, proven in verdicts:
        if detector in kinds:
            closed[detector] = closed.get(detector, 0) + 1
            confirmed[detector] = confirmed.get(detector, 0) + proven
    base = (sum(confirmed.values()) + 2) / (sum(closed.values()) + 4)
    found = [
        _row(key, closed[key], confirmed[key], base, weights[key], kinds[key].family)
        for key in closed
    ]
    return sorted(found, key=lambda row: (-row.closed, row.detector))


def _row(key: str, closed: int, confirmed: int, base: float, old: float, family: str) -> Row:
    yes, no = confirmed + PRIOR * base, closed - confirmed + PRIOR * (1 - base)
    mean = yes / (yes + no)
    low, high = stats.beta.interval(0.9, yes, no)
    new = old
    if closed >= ENOUGH:
        moved = old + RATE * (_odds(mean) - _odds(base))
        least = LEAST_VOLUME if family == "VOL" else LEAST
        new = moved if least <= moved <= MOST else _towards(old, moved, least)
    return Row(key, closed, confirmed, mean, float(low), float(high), old, round(new, 2))


def _towards(old: float, moved: float, least: float) -> float:
    """At the limits a weight stops; one that was set beyond them by people is not pulled back."""
    if moved < least:
        return min(old, least)
    return max(old, MOST)


def _odds(share: float) -> float:
    return math.log10(share / (1 - share))


def missed(pool: int, checked: int, doubtful: int) -> tuple[float, float, float] | None:
    """How many shops of a pool are likely to have gone unseen, from a random sample of it.

    Returns the estimate and its 90 % interval in shops; None while too few have been visited. The
    interval is Jeffreys', open to none where no doubt was found and to all where only doubts were:
    so it always holds the estimate.
    """
    if checked < ENOUGH_VISITS:
        return None
    low, high = stats.beta.interval(0.9, doubtful + 0.5, checked - doubtful + 0.5)
    least = float(low) if doubtful else 0.0
    most = float(high) if doubtful < checked else 1.0
    return pool * doubtful / checked, pool * least, pool * most
