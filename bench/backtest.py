"""What deciding a year of stored findings again costs: 374,000 rows, 250 nights, no database.

Prints CPU and wall seconds of two replays, as a test does them: under the rules in force and under
others. Reading the rows is not in it; `--profile` says where the
time goes.

    python bench/backtest.py [--rows 374000] [--profile]
"""

import argparse
import cProfile
import datetime as dt
import pstats
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FIRST = dt.date(2025, 12, 1)
NIGHTS, SHOPS, COUNTIES = 250, 15_000, 8


def past(rows: int) -> "backtesting.Past":
    """Findings as a night has them: most of them weak, one in a hundred floored, few linked."""
    draw = np.random.default_rng(7)
    keys = sorted(kind.key for kind in all_detectors() if kind.subject == "retailer")
    days = [FIRST + dt.timedelta(days=n // 5 * 7 + n % 5) for n in range(NIGHTS)]
    night = np.sort(draw.integers(NIGHTS, size=rows))
    shop = draw.integers(SHOPS // 5, size=rows) * 5 + night % 5
    linked = draw.random(rows) < 0.05
    found = pd.DataFrame(
        {
            "pk": np.arange(rows),
            "on": np.array(days, dtype=object)[night],
            "bureau": np.array([f"4514{n:02}" for n in range(COUNTIES)])[shop % COUNTIES],
            "subject_kind": "retailer",
            "subject_id": np.char.add("R", shop.astype(str)),
            "audience": np.where(draw.random(rows) < 0.01, "above", "everyone"),
            "detector": np.array(keys)[draw.integers(len(keys), size=rows)],
            "surprise": 1 + draw.exponential(0.7, size=rows),
            "floor": np.array(["", "黄", "橙", "红"])[
                draw.choice(4, p=[0.985, 0.005, 0.005, 0.005], size=rows)
            ],
            "link": np.where(linked, np.char.add("L", (shop // 40).astype(str)), ""),
        }
    ).drop_duplicates(["on", *SUBJECT[:3], "detector"])
    ordered = dict.fromkeys(days, SHOPS // 5)
    return backtesting.Past(found, ordered, pd.DataFrame(columns=backtesting.LISTINGS), "4514")


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--rows", type=int, default=374_000)
    given.add_argument("--profile", action="store_true")
    asked = given.parse_args()
    book, kinds = past(asked.rows), {kind.key: kind for kind in all_detectors()}
    profile = cProfile.Profile()
    if asked.profile:
        profile.enable()
    for policy in (Policy(), Policy(red=5.4, budget_share=0.006)):
        wall, cpu = time.perf_counter(), time.process_time()
        listed = backtesting.replay(book, policy, kinds)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{len(book.found)} findings, {len(listed)} listed: {cpu:.1f} s CPU, {wall:.1f} s")
    profile.disable()
    if asked.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(25)


if __name__ == "__main__":
    from alerts import backtesting
    from alerts.detectors import all_detectors
    from alerts.grading import SUBJECT, Policy

    main()
