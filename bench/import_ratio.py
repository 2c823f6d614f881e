"""Rows a second of importing 500,000 order lines, and the ratio to a bare pyarrow.csv read of the file.

Works in a transaction that is rolled back and in a lake of its own. Aim: at most 3.5 times the bare
read. Wall seconds on a busy machine say little; the ratio of CPU seconds is printed beside.
"""

import datetime as dt
import io
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django
import pyarrow.csv

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

LINES, A_ORDER, SKUS, SHOPS = 500_000, 18, 120, 1200
RUNS = 3


def exports() -> dict[str, str]:
    """A county's files: Chinese headers, codes forced to text, as sales systems write them."""
    dice = random.Random(1)  # noqa: S311
    orders = LINES // A_ORDER + 1
    first = dt.date(2025, 1, 6)
    shops = "".join(f"4514990{n:06},459999,第{n}商店,{1 + n % 30}\n" for n in range(SHOPS))
    skus = "".join(f"6901{n:04},品规{n},{50 + n}.00\n" for n in range(SKUS))
    heads = "".join(
        f"CO{n:012},4514990{n % SHOPS:06},{first + dt.timedelta(days=n % 250)} 10:20:00,60\n"
        for n in range(orders)
    )
    lines = "".join(
        f'CO{n // A_ORDER:012},"=""6901{(n % A_ORDER * 5 + n // A_ORDER) % SKUS:04}""",'
        f"品规,{dice.randint(5, 20)},{dice.randint(1, 5)},{50 + n % SKUS}.00,{60 + n % 900}.00\n"
        for n in range(LINES)
    )
    return {
        "零售客户档案.csv": "客户编码,县公司,客户名称,档位\n" + shops,
        "卷烟目录.csv": "卷烟编码,名称,批发价\n" + skus,
        "订单主表.csv": "订单号,客户编码,提交时间,状态\n" + heads,
        "订单明细.csv": "订单号,卷烟编码,卷烟名称,限量,订购量,批发价,金额\n" + lines,
    }


Seconds = tuple[float, float]  # wall, and CPU of this process


def clock() -> Seconds:
    return time.perf_counter(), time.process_time()


def since(began: Seconds) -> Seconds:
    wall, cpu = clock()
    return wall - began[0], cpu - began[1]


def bring(name: str, content: bytes, county: Any) -> Seconds:
    """From the stored upload to the committed report."""
    from django.utils import timezone

    from documents.actions import store_file
    from sources.actions.importing import import_now

    now = timezone.now()
    began = clock()
    file = store_file(
        stream=io.BytesIO(content), name=name, bureau=county, purpose="import", by=None, at=now
    )
    batch = import_now(file=file, bureau=county, by=None, at=now)
    seconds = since(began)
    assert batch.report["rows"] == batch.report["added"], batch.report
    return seconds


def bare(content: bytes, folder: Path) -> Seconds:
    """Seconds of a bare read of the same file, the best of three."""
    path = folder / "lines.csv"
    path.write_bytes(content)
    options = pyarrow.csv.ReadOptions(encoding="gb18030")
    runs = []
    for _ in range(RUNS):
        began = clock()
        table = pyarrow.csv.read_csv(path, read_options=options)
        runs.append(since(began))
        assert table.num_rows == LINES
    return least(runs)


def least(runs: list[Seconds]) -> Seconds:
    return min(wall for wall, _ in runs), min(cpu for _, cpu in runs)


def once(contents: dict[str, bytes], folder: Path) -> Seconds:
    """One import into an empty lake, undone afterwards."""
    from django.conf import settings
    from django.db import transaction

    import accounts.actions
    from accounts.walls import ALL, open_walls

    settings.LAKE_URL, settings.MEDIA_ROOT = str(folder / "lake"), folder / "media"
    with transaction.atomic():
        open_walls(ALL)
        city = accounts.actions.create_bureau(
            code="4599", name="测速市局", parent=None, level="city", by="bench"
        )
        county = accounts.actions.create_bureau(
            code="459999", name="测速县局", parent=city, level="county", by="bench"
        )
        seconds = [bring(name, content, county) for name, content in contents.items()][-1]
        transaction.set_rollback(True)
    return seconds


def main() -> None:
    contents = {name: text.encode("gb18030") for name, text in exports().items()}
    with tempfile.TemporaryDirectory() as folder:
        base = bare(contents["订单明细.csv"], Path(folder))
        runs = [once(contents, Path(folder) / str(number)) for number in range(RUNS)]
    best = least(runs)
    size = len(contents["订单明细.csv"]) / 2**20
    print(
        f"{LINES:,} order lines, GB18030, {size:.0f} MB; best of {RUNS}; load {os.getloadavg()[0]:.1f}"
    )
    for title, place in (("wall", 0), ("CPU", 1)):
        print(
            f"{title}: bare pyarrow.csv read {base[place]:.2f} s, import {best[place]:.2f} s, "
            f"ratio {best[place] / base[place]:.1f} (aim: at most 3.5)"
        )
    print(f"{LINES / best[0]:,.0f} rows/s")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neiguan.settings")
    from neiguan import embedded  # noqa: TID251  (a bench starts the servers itself)

    embedded.ensure()
    django.setup()
    from django.core.management import call_command

    call_command("migrate", database="owner", verbosity=0, interactive=False)
    main()
