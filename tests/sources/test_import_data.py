import itertools
import json
import os
import random
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Bureau
from audit.models import Event
from sources.models import Batch, HeldRow, Retailer
from tests import make
from tests.sources.exports import (
    FILES,
    LINES,
    ORDERS,
    RETAILERS,
    bring,
    bring_all,
    counts,
    fact,
    known,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(place, *options):
    report = place.parent / "report.json"
    call_command("import_data", str(place), "--json", str(report), *options)
    return json.loads(report.read_text())


def test_it_imports_a_folder_and_reports_each_file(folder):
    make.bureau()

    report = run(folder)

    assert set(report) == set(FILES)
    assert report["订单主表.csv"] == {
        "kind": "orders", "rows": 3, "added": 3, "changed": 0, "unchanged": 0, "rejected": 0,
        "held": 0, "duplicates": 0, "cancelled": 1, "returns": 0,
        "seconds": report["订单主表.csv"]["seconds"], "totals": [],
    }  # fmt: skip
    assert {batch.bureau.code for batch in Batch.objects.all()} == {"4514", "451423"}


def test_the_same_folder_twice_changes_nothing(folder):
    make.bureau()
    run(folder)
    before = known()

    report = run(folder)

    assert known() == before
    for numbers in report.values():
        assert numbers["unchanged"] == numbers["rows"]
        assert not numbers["added"] + numbers["changed"]


def test_a_broken_file_loads_nothing_and_fails(folder, capsys):
    (folder / "结算.csv").write_text("别的,表\n1,2\n")

    with pytest.raises(SystemExit):
        run(folder, "--bureau", make.bureau().code)

    assert Batch.objects.get(state="refused").refusal
    assert known()["payments"] == []
    assert len(known()["deliveries"]) == 2


def test_it_refuses_a_missing_folder_and_an_unknown_bureau(folder):
    with pytest.raises(CommandError, match="找不到"):
        run(folder / "nothing")
    with pytest.raises(CommandError, match="没有编码"):
        run(folder, "--bureau", "999999")


def test_unknown_counties_become_bureaus_of_a_city_of_their_own(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace(",451423,", ",某县,"))

    run(tmp_path)

    county = Bureau.objects.get(name="某县")
    assert (county.code, county.level, county.path) == ("900101", "county", "/9001/900101/")
    run(tmp_path)
    assert Bureau.objects.filter(name="某县").count() == 1
    assert len(known(bureau="900101")["orders"]) == 2


def test_unknown_counties_stand_below_the_bureau_that_was_named(tmp_path):
    (tmp_path / "零售客户档案.csv").write_text(RETAILERS.replace(",451423,", ",某县,"))

    run(tmp_path, "--bureau", make.bureau("4514").code)

    county = Bureau.objects.get(name="某县")
    assert county.path == f"/45/4514/{county.code}/"
    assert county.code.startswith("9")
    assert len(county.code) == 6


def test_a_file_is_split_by_county():
    make.bureau()
    other = make.bureau("451424", "大新县局")
    bring("零售客户档案.csv", RETAILERS.replace("2,451423", "2,大新"), bureau=make.bureau("4514"))
    bring("卷烟目录.csv", FILES["卷烟目录.csv"])
    bring("订单主表.csv", ORDERS)
    bring("订单明细.csv", LINES)

    assert [row[0] for row in known()["orders"]] == ["CO1"]
    assert [row[0] for row in known(bureau=other.code)["lines"]] == ["CO2"]
    assert len(known(bureau="4514")["lines"]) == 2


def test_files_may_arrive_in_any_order():
    bring_all()
    expected = known()
    orders = list(itertools.permutations(FILES))

    for number, order in enumerate(random.Random(7).sample(orders, 6)):  # noqa: S311
        county = f"45{20 + number}23"
        make.bureau(county)
        for name in order:
            text = FILES[name].replace("451423", county).replace("CO", f"CO{number}")
            bring(name, text, bureau=make.bureau(county))
        got = known(bureau=county)
        for table, found in expected.items():
            assert len(got[table]) == len(found), (order, table)
    assert not HeldRow.objects.filter(released_by=None).exists()


def test_rows_without_a_parent_wait_and_say_so():
    held = bring("订单明细.csv", LINES)

    assert counts(held) == {"held": 3}
    assert known()["lines"] == []
    assert set(HeldRow.objects.values_list("parent_kind", "parent_key")) == {
        ("orders", "CO1"), ("orders", "CO2"), ("orders", "CO3"),
    }  # fmt: skip
    again = bring("订单明细.csv", LINES)
    assert counts(again) == {"held": 3}
    assert HeldRow.objects.count() == 3


def test_a_row_that_lacks_two_parents_waits_for_both():
    bring("订单明细.csv", LINES)
    bring("零售客户档案.csv", RETAILERS)
    bring("订单主表.csv", ORDERS)
    assert set(HeldRow.objects.filter(released_by=None).values_list("parent_kind")) == {("skus",)}

    bring("卷烟目录.csv", FILES["卷烟目录.csv"])

    assert len(known()["lines"]) == 2
    assert not HeldRow.objects.filter(released_by=None).exists()


def test_a_correction_supersedes_the_former_row_which_stays():
    first = bring_all()["订单主表.csv"]
    corrected = bring("订单主表.csv", ORDERS.replace("5,400.00", "6,480.00"))

    assert counts(corrected) == {"changed": 1, "unchanged": 2, "cancelled": 1}
    assert fact("orders", "qty") == {"CO1": 6.0, "CO2": 2.0}
    assert fact("orders", "amount")["CO1"] == 48000
    assert fact("orders", "qty", known_at=first.known_at)["CO1"] == 6.0  # both came at noon


def test_an_order_that_is_cancelled_later_takes_its_lines_along():
    bring_all()
    bring("订单主表.csv", ORDERS.replace("300.00,60", "300.00,90"))

    assert [row[0] for row in known()["orders"]] == ["CO1"]
    assert [row[0] for row in known()["lines"]] == ["CO1"]


def test_an_old_file_again_does_not_take_a_correction_back():
    bring_all()
    bring("订单主表.csv", ORDERS.replace("5,400.00", "6,480.00"))

    again = bring("订单主表.csv", ORDERS)

    assert counts(again) == {"unchanged": 3, "cancelled": 1}
    assert fact("orders", "qty")["CO1"] == 6.0


def test_the_last_of_several_rows_of_a_key_counts():
    bring_all()
    twice = ORDERS + "CO1,451423100001,2026-03-02 10:20:00,7,560.00,60\n"

    batch = bring("订单主表.csv", twice)

    assert counts(batch) == {"changed": 1, "unchanged": 3, "cancelled": 1}
    assert fact("orders", "qty")["CO1"] == 7.0


def test_the_same_rows_in_another_file_are_no_news():
    bring_all()

    later = ORDERS + "CO4,451423100002,2026-03-10 09:00:00,1,80.00,60\n"

    assert counts(bring("订单主表2.csv", later)) == {"added": 1, "unchanged": 3, "cancelled": 1}


def test_every_file_and_import_is_on_record():
    batch = bring("零售客户档案.csv", RETAILERS)

    events = list(Event.objects.filter(subject=f"import:{batch.pk}").values_list("kind", "actor"))
    assert events == [("import.done", "system")]
    assert Event.objects.filter(kind="file.stored").count() == 1
    assert Retailer.objects.count() == 2


REFERENCE = os.environ.get("REFERENCE_EXPORTS", "")


@pytest.mark.skipif(not REFERENCE, reason="REFERENCE_EXPORTS names no folder")
def test_the_reference_exports_come_out_as_expected(tmp_path):
    exports, report = Path(REFERENCE), tmp_path / "report.json"
    expected = json.loads((exports / "expected.json").read_text())

    call_command("import_data", str(exports), "--json", str(report))

    found = json.loads(report.read_text())
    for name, numbers in expected.items():
        numbers.pop("why", None)
        assert {key: found[name][key] for key in numbers} == numbers, name
