"""What an import says of the file's own totals: on its page, in its report, on the board."""

import datetime as dt
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.permissions import Role
from sources.models import Batch, Completeness
from tests import make
from tests.sources.exports import FILES, LINES, ORDERS, bring, bring_all, counts

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 2)
GOOD, SHORT = LINES + "合计,,11,\n", LINES + "合计,,31,\n"  # 5 + 2 + 4
ORDERS_GOOD = ORDERS + "合计,,,11,1020,\n"


def page_of(client, batch, role=Role.DATA_CLERK):
    client.force_login_now(make.user(role))
    return client.get(batch.get_absolute_url()).content.decode()


def test_a_total_that_agrees_is_said(client):
    batch = bring_all({**FILES, "订单明细.csv": GOOD})["订单明细.csv"]

    page = page_of(client, batch)

    assert "订购量 文件合计 11 条，逐行相加 11 条，一致" in page
    assert "合计不符" not in page
    assert Completeness.objects.get().is_complete


def test_a_total_that_differs_warns_and_the_rows_load(client):
    batch = bring_all({**FILES, "订单明细.csv": SHORT})["订单明细.csv"]

    page = page_of(client, batch)

    assert counts(batch) == {"added": 3}
    assert batch.state == Batch.State.DONE
    assert batch.report["totals_off"] == "订购量相差 20 条"
    assert "订购量 相差 20 条：文件合计 31 条，逐行相加 11 条" in page
    assert "按不完整对待" in page
    assert batch.findings.get().reason == "文件合计与逐行相加的 11 条不符"
    assert "合计不符" in client.get(reverse("sources:imports")).content.decode()


def test_the_day_is_not_complete_until_the_whole_file_comes(client):
    bring_all({**FILES, "订单明细.csv": SHORT})
    day = Completeness.objects.get()
    assert (day.day, day.is_complete) == (DAY, False)
    assert day.reason == "订单明细文件的合计与逐行相加不符（订购量相差 20 条），可能缺行"
    client.force_login_now(make.user())
    assert "订购量相差 20 条" in client.get(reverse("alerts:board")).content.decode()

    bring("订单明细.csv", LINES + "CO2,6901001,20,\n合计,,31,\n")

    assert Completeness.objects.get().is_complete


def test_the_same_rows_with_a_right_total_settle_it_too():
    bring_all({**FILES, "订单明细.csv": SHORT})

    batch = bring("订单明细.csv", GOOD)

    assert counts(batch) == {"unchanged": 3}
    assert Completeness.objects.get().is_complete


def test_neither_another_kind_nor_another_day_settles_it():
    bring_all({**FILES, "订单明细.csv": SHORT})

    bring("订单主表.csv", ORDERS.replace("5,400.00", "6,480.00"))
    assert not Completeness.objects.get().is_complete

    bring(
        "订单主表.csv",
        "订单号,客户编码,提交时间,订单总量\nCO9,451423100001,2026-03-10 09:00:00,1\n",
    )
    bring("订单明细.csv", "订单号,卷烟编码,订购量\nCO9,6901001,1\n合计,,1\n")

    assert [row.is_complete for row in Completeness.objects.order_by("day")] == [False, True]


def test_a_file_that_is_no_order_delays_nothing(client):
    bring_all()
    batch = bring("配送.csv", FILES["配送.csv"] + "合计,,9,\n")

    assert batch.report["totals_off"] == "送达量相差 2 条"
    assert "按不完整对待" not in page_of(client, batch)
    assert Completeness.objects.get().is_complete


def test_rejected_and_held_rows_are_told_apart(client):
    bring("零售客户档案.csv", FILES["零售客户档案.csv"])
    bring("卷烟目录.csv", FILES["卷烟目录.csv"])
    bring("订单主表.csv", ORDERS)
    batch = bring("订单明细.csv", LINES + "CO8,6901001,6,\nCO1,,3,\n合计,,20,\n")

    page = page_of(client, batch)

    assert counts(batch) == {"added": 3, "rejected": 1, "held": 1}
    assert "20 条，一致；其中未导入的行 3 条、留存的行 6 条" in page


def test_cancelled_orders_left_out_are_named(client):
    batch = bring_all({**FILES, "订单主表.csv": ORDERS + "合计,,,7,700,\n"})["订单主表.csv"]

    page = page_of(client, batch)

    assert "金额 文件合计 700.00 元，逐行相加 700.00 元，一致（文件合计不含已取消的订单）" in page


def test_without_totals_the_page_says_so(client):
    batches = bring_all()

    assert "文件里没有合计行" in page_of(client, batches["订单主表.csv"])
    assert "控制合计" not in page_of(client, batches["零售客户档案.csv"])


def test_the_command_reports_them(tmp_path, capsys, settings):
    for name, text in {**FILES, "订单主表.csv": ORDERS_GOOD, "订单明细.csv": SHORT}.items():
        (tmp_path / name).write_text(text, encoding="gb18030")
    make.bureau()
    report = tmp_path / "report.json"

    call_command("import_data", str(tmp_path), json=report)

    told = json.loads(report.read_text())
    assert [total["agrees"] for total in told["订单主表.csv"]["totals"]] == [True, True]
    assert told["订单明细.csv"]["totals"][0]["stated"] == 31
    assert told["订单明细.csv"]["added"] == 3
    assert "订单明细.csv 合计不符：订购量相差 20 条" in capsys.readouterr().err
