"""Whatever is killed while files are imported, the tables end as those of an undisturbed import.

Each round asks for the import of new orders and their lines, kills one part of the running program
after a seeded while, and waits. Rounds share one program: an import stands on what came before.
KILLS is the number of rounds for each part.
"""

import json
import os
import random
import signal
import time

import psycopg
import pytest

from jobs.progress import LEASE
from neiguan import embedded, servers
from tests.platform.conftest import alive, eventually
from tests.platform.test_serve import child, heartbeat, serve, stop

COUNTY, SHOPS, PER_ORDER = "451423", 50, 40
ORDERS = 1500  # a round's; its lines take a second or two
PARTS = ("worker", "redis", "postgres", "supervisor")
LONGEST_WAIT = 4.0  # seconds until the kill: before, within and after the import
ABANDONED = LEASE * 0.7  # what is left of a lease whose holder did not renew it as the living do

SETUP = """
import os, sys
os.environ.update(DJANGO_SETTINGS_MODULE="neiguan.settings", APP_BUREAUS="all", DEBUG="1")
import django
django.setup()
import io, json
from django.db import transaction
from django.utils import timezone
from accounts.models import Bureau
from documents.actions import store_file
from sources.actions.importing import request_import
from sources.models import Batch
"""
ASK = """
home = Bureau.objects.get(code="{county}")
with transaction.atomic():
    for name, text in json.loads(sys.stdin.readline()):
        file = store_file(stream=io.BytesIO(text.encode()), name=name, bureau=home,
                          purpose="import", by=None, at=timezone.now())
        request_import(file=file, origin=Batch.Origin.UPLOAD, bureau=home, by=None,
                       at=timezone.now())
"""
STATE = """
import datetime as dt
from sources import lake
with lake.open_facts(on=dt.date(2026, 12, 31), bureaus=["{county}"]) as facts:
    orders, lines = facts.orders, facts.lines
    seen = [
        orders.count().to_pyarrow().as_py(), orders.order_id.nunique().to_pyarrow().as_py(),
        lines.count().to_pyarrow().as_py(), lines.qty.sum().to_pyarrow().as_py(),
    ]
print(json.dumps(seen))
"""


def masters():
    shops = "\n".join(f"{COUNTY}1{n:05},{COUNTY},第{n}店" for n in range(SHOPS))
    products = "\n".join(f"69{n:04},卷烟{n},{50 + n}.00" for n in range(PER_ORDER))
    return [
        ("零售客户档案.csv", f"客户编码,县公司,客户名称\n{shops}\n"),
        ("卷烟目录.csv", f"卷烟编码,名称,批发价\n{products}\n"),
    ]


def files(number):
    """A round's lines before its orders, so that held rows are released on the way."""
    orders, lines = ["订单号,客户编码,提交时间"], ["订单号,卷烟编码,订购量"]
    for n in range(ORDERS):
        name, day = f"R{number}-{n}", 1 + n % 28
        orders.append(f"{name},{COUNTY}1{n % SHOPS:05},2026-{1 + number % 12:02}-{day:02} 10:00:00")
        lines += [f"{name},69{sku:04},{1 + (n + sku) % 7}" for sku in range(PER_ORDER)]
    return [
        (f"订单主表_{number}.csv", "\n".join(orders) + "\n"),
        (f"订单明细_{number}.csv", "\n".join(lines) + "\n"),
    ]


def expected(rounds):
    """What an undisturbed import of so many rounds leaves."""
    quantity = sum(1 + (n + sku) % 7 for n in range(ORDERS) for sku in range(PER_ORDER))
    orders, lines = rounds * ORDERS, rounds * ORDERS * PER_ORDER
    return [orders, orders, lines, float(rounds * quantity)]


class Program:
    """A served copy, asked through other processes as a web server would."""

    def __init__(self, copy):
        self.copy = copy
        self.process, self.port = serve(copy, "--no-demo")
        eventually(lambda: heartbeat(copy) > 0)

    def script(self, code, given=""):
        process = self.copy.start(
            "-c",
            f"from neiguan import embedded; embedded.ensure()\n{SETUP}\n{code.format(county=COUNTY)}",
        )
        output, _ = process.communicate(f"{given}\n", timeout=180)
        self.said = output
        return process.returncode == 0

    def facts(self):
        """What everybody can see; None while a server is away."""
        return json.loads(self.said.splitlines()[-1]) if self.script(STATE) else None

    def imported(self):
        """Whether every import is done. The rest of a dead worker's lease is not waited out."""
        place = servers.read_place(self.copy.var)
        try:
            with psycopg.connect(embedded.address(place, "superuser")) as connection:
                connection.execute(
                    "update jobs_job set leased_until = now()"
                    " where lease is not null and leased_until between now() and now() + %s",
                    [ABANDONED],
                )
                left = connection.execute("select 1 from sources_batch where state <> 'done'")
                return left.fetchone() is None
        except psycopg.OperationalError:
            return False

    def kill(self, part):
        os.kill(eventually(lambda: self.victim(part)), signal.SIGKILL)

    def victim(self, part):
        if part == "worker":
            return child(self.copy, "celery -A neiguan worker")
        if part == "supervisor":
            pid = int((self.copy.var / "run" / "supervisord.pid").read_text())
            return pid if alive(pid) else None
        return self.copy.server(part)


@pytest.mark.long
@pytest.mark.parametrize("part", PARTS)
def test_an_import_survives_every_kill(copy, part):
    dice = random.Random(f"kill {part}")  # noqa: S311  the same moments in every run
    program = Program(copy)
    assert program.script(
        "from sources.actions import counties\n"
        "with transaction.atomic():\n    counties.make('4514', '市局', None)\n"
        "    counties.make('{county}', '县局', Bureau.objects.get(code='4514'))"
    )
    assert program.script(ASK, json.dumps(masters())), program.said
    for number in range(int(os.environ.get("KILLS", "20"))):
        assert program.script(ASK, json.dumps(files(number))), program.said
        time.sleep(dice.uniform(0, LONGEST_WAIT))
        program.kill(part)
        program.facts()  # whoever asks now may start servers of its own
        eventually(program.imported, seconds=180)
        assert eventually(program.facts) == expected(number + 1)
    stop(copy, program.process)
