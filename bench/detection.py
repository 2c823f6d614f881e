"""Replays a city whose troubles are known, scores the list, and prints it beside simpler methods.

    make bench-detection CITY=FOLDER          or: python -m bench.detection FOLDER [--alerts FILE]

FOLDER is an exchange folder (docs/data.md) of at least two years with `truth/labels`, see
`bench/scoring.py`. The product's own commands do the work, in servers and a lake of their own that
are deleted afterwards: `import_data`, then `detect` for every day of the second half, each with what
was known by its end, all weights cold, then `export_alerts`. `--alerts` scores a file that an earlier
run kept instead; `--keep` says where to keep this run's.
"""

import argparse
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from bench.rivals import rivals
from bench.scoring import MONDAY, Score, Truth, score, table

ROOT = Path(__file__).resolve().parent.parent
BUDGET = 0.005
NEEDED = (
    "需要一个带答案的文件夹：make bench-detection CITY=文件夹\n"
    "其中有 retailers、orders、order_lines、skus、calendar（parquet 或 csv，英文表头，至少两年），\n"
    "以及 truth/labels（retailer_id, scenario, severity, start_date, end_date）；"
    "truth/hidden_events 可有可无。\n"
)


def main() -> None:
    """Replay, score, print."""
    parser = argparse.ArgumentParser(description="Quality of detection on a labelled city.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--alerts", type=Path, help="score this file instead of replaying")
    parser.add_argument("--keep", type=Path, help="where to keep the alerts of the replay")
    given = parser.parse_args()
    if given.folder is None or not (given.folder / "truth").is_dir():
        sys.exit(NEEDED)
    truth = Truth.read(given.folder)
    first, last = _span(truth)
    if given.alerts:
        alerts = _read(given.alerts)
    else:
        with tempfile.TemporaryDirectory(prefix="neiguan-bench-") as place:
            alerts = replay(given.folder, Path(place), first, last)
    if given.keep:
        alerts.to_csv(given.keep, index=False)
    scores = {"neiguan": score(alerts, truth, BUDGET)}
    for name, rival in rivals(given.folder, first, BUDGET).items():
        scores[name] = score(rival, truth, BUDGET)
    print(f"{given.folder.name}: {len(truth.shops)} shops, {first} to {last}, budget {BUDGET:.1%}")
    print(table(scores))
    print(_led_by(alerts, scores["neiguan"]))


def _span(truth: Truth) -> tuple[dt.date, dt.date]:
    """The days that count."""
    weeks = truth.first_week + truth.start, truth.first_week + len(truth.ordered)
    first, end = (MONDAY.astype(dt.date) + dt.timedelta(weeks=week) for week in weeks)
    return first, end - dt.timedelta(days=1)


def replay(folder: Path, place: Path, first: dt.date, last: dt.date) -> pd.DataFrame:
    """The alerts of the product's own commands, run one after another in an empty place."""
    begun = time.perf_counter()
    _command(place, "import_data", str(folder.resolve()))
    imported = time.perf_counter()
    _command(place, "detect", "--from", str(first), "--to", str(last))
    done = time.perf_counter()
    _command(place, "export_alerts", str(place / "alerts.csv"))
    days = (last - first).days + 1
    print(f"import {imported - begun:.0f} s; {days} days {done - imported:.0f} s", file=sys.stderr)
    return _read(place / "alerts.csv")


def _command(place: Path, *words: str) -> None:
    """Run a command of manage.py with servers of its own. Raises CalledProcessError."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "LAKE_URL"}
    }
    subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-W", "ignore", str(ROOT / "manage.py"), *words],
        env={**kept, "NEIGUAN_VAR": str(place / "var")},
        stdout=sys.stderr,
        check=True,
    )


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"retailer_id": str, "object_id": str})


def _led_by(alerts: pd.DataFrame, result: Score) -> str:
    """How many listings each detector led, and how many of them concern no shop."""
    pushed = alerts[alerts["pushed"] == 1]
    led = pushed["alert_type"].value_counts()
    others = int(pushed["retailer_id"].isna().sum())
    counts = ", ".join(f"{name} {count}" for name, count in led.items())
    return (
        f"{result.episodes} episodes; {len(pushed)} listings, {others} of no shop; led by: {counts}"
    )


if __name__ == "__main__":
    main()
