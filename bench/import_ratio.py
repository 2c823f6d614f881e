"""Import of 500,000 order lines against a bare `pyarrow.csv` read of the same file.

The reading half: recognise, decode, parse, check, type, hash. Both are the best of `REPEATS` runs,
taken in turn, so that a busy machine slows both. Aim of the whole import: at most 3.5.
"""

import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow.csv as pacsv

from sources.importing.reading import read

ROWS = 500_000
LINES_AN_ORDER = 18
REPEATS = 7
AIM = 3.5


def write_lines(path: Path, *, encoding: str) -> None:
    """An export of order lines as upstream writes it: Chinese headers, codes as ="…"."""
    rng = random.Random(20250623)  # noqa: S311 - a sample, no secret
    names = ("江月(硬)", "红棉（硬）", "云霞(软)", "桂岭（细支）")
    rows = ["订单号,卷烟编码,卷烟名称,限量,订购量,批发价,金额"]
    for order in range(-(-ROWS // LINES_AN_ORDER)):
        for sku in sorted(rng.sample(range(130), LINES_AN_ORDER)):
            qty, price = rng.randint(1, 20), 19 + sku * 6
            code = f'"=""{69_010_000 + sku * 37}"""'
            rows.append(
                f"CO20250623{order:08},{code},{names[sku % 4]},{qty * 2},{qty},{price}.0,{price * qty}.0"
            )
    path.write_text("\n".join(rows[: ROWS + 1]) + "\n", encoding=encoding)


def best_of(*runs: Callable[[], object]) -> list[float]:
    """Seconds of the fastest of some runs of each, taken in turn."""
    fastest = [float("inf")] * len(runs)
    for _ in range(REPEATS):
        for at, run in enumerate(runs):
            start = time.perf_counter()
            run()
            fastest[at] = min(fastest[at], time.perf_counter() - start)
    return fastest


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for encoding in ("gb18030", "utf-8"):
            path = Path(folder) / f"订单明细_{encoding}.csv"
            write_lines(path, encoding=encoding)
            options = pacsv.ReadOptions(encoding=encoding)
            bare, ours = best_of(
                partial(pacsv.read_csv, path, read_options=options),
                partial(read, path, hash_key="bench"),
            )
            print(
                f"reading {ROWS:,} order lines, {encoding}: {ROWS / ours:,.0f} rows/s, "
                f"{ours:.3f} s; bare pyarrow.csv {bare:.3f} s; ratio {ours / bare:.2f} (whole import: aim {AIM})"
            )


if __name__ == "__main__":
    main()
