"""Faults at named functions of an import: raise there, or kill the process, at the n-th call.

Run as a program (`python -m tests.sources.faults TARGET NTH WHEN`) it works off due jobs and kills
itself at the point.
"""

import importlib
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TARGETS = [
    "sources.actions.importing.read",
    "sources.actions.importing.lock_writers",
    "sources.actions.importing.load",
    "sources.actions.importing.note_completeness",
    "sources.actions.importing._keep_findings",
    "sources.actions.importing._report",
    "sources.actions.importing.audit.actions.record",
    "sources.actions.loading.place",
    "sources.actions.loading._stage",
    "sources.actions.loading.note_version",
    "sources.actions.loading.writing.write",
    "sources.actions.holding.hold",
    "sources.actions.holding.release",
    "sources.actions.holding.settle",
    "sources.lake.writing.write_deltalake",
    "sources.lake.writing._at_committed",
    "sources.lake.writing._checked",
    "sources.lake.writing._overwrite_months",
]


@dataclass(frozen=True)
class Point:
    """The n-th call of a function, before or after it did its work."""

    target: str
    nth: int
    after: bool

    def __str__(self) -> str:
        return f"{self.target}-{self.nth}-{'after' if self.after else 'before'}"


def seeded(number: int, *, seed: int = 20260309) -> list[Point]:
    """Different points, the same ones every time: each target first, then more of them."""
    dice = random.Random(seed)  # noqa: S311
    points = [Point(target, 1, after=dice.random() < 0.5) for target in TARGETS]
    while len(points) < number:
        point = Point(dice.choice(TARGETS), dice.randint(1, 4), after=dice.random() < 0.5)
        if point not in points:
            points.append(point)
    return points[:number]


def arm(point: Point, strike: Callable[[], None]) -> tuple[Any, str, Any, list[int]]:
    """Let `strike` happen at the point. What was patched, and a list with the number of calls."""
    path, name = point.target.rsplit(".", 1)
    holder = _resolve(path)
    original = getattr(holder, name)
    calls = [0]

    def struck(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        mine = calls[0] == point.nth
        if mine and not point.after:
            strike()
        result = original(*args, **kwargs)
        if mine and point.after:
            strike()
        return result

    setattr(holder, name, struck)
    return holder, name, original, calls


def _resolve(path: str) -> Any:
    """The module or the attribute of a module that a dotted path names."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            found = getattr(found, name)
        return found
    raise LookupError(path)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Work off what is due, and die at the point."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neiguan.settings")
    django.setup()
    from django.utils import timezone

    from jobs.actions import run_next

    target, nth, when = sys.argv[1:]
    arm(Point(target, int(nth), after=when == "after"), die)
    while run_next(now=timezone.now()):
        pass


if __name__ == "__main__":
    main()
