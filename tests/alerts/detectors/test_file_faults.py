import datetime as dt

import pytest

from alerts.detectors.file_faults import FileFaults
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
GOOD = {
    "licence_no": "451423100001",
    "licensee": "韦某",
    "owner_id": "o1",
    "phone": "p1",
    "address": "独山路8号",
}


def guilty():
    return book(phone="-", owner_id="-")


def book(orders="1 A 2026-03-30", rest=GOOD, **faults):
    """Shop A with faults and three like `rest`, all of which order."""
    lines = ["retailer_id " + " ".join(GOOD), "A " + " ".join((GOOD | faults).values())]
    lines += [f"R{n} " + " ".join(rest.values()) for n in range(3)]
    many = "\n".join(f"{n}0 R{n} 2026-03-30" for n in range(3))
    return facts(retailers="\n".join(lines), orders=f"order_id retailer_id day\n{orders}\n{many}")


def found(tables, **params):
    return rows(FileFaults(**params).find(tables, ON))


def test_it_lists_what_is_to_be_mended():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert FileFaults().sentence(row) == "客户档案有2处待补正：缺证件号码、订货电话。"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("45142310001", "许可证号不是12位"),
        ("451424100001", "许可证号前六位与本县区划不符"),
        ("-", "缺许可证号"),
    ],
)
def test_the_number_must_have_its_form(number, text):
    (row,) = found(book(licence_no=number))

    assert FileFaults().sentence(row) == f"客户档案有1处待补正：{text}。"


def test_a_whole_file_is_no_fault():
    assert not found(book())


def test_what_the_county_does_not_keep_is_nobodys_fault():
    rest = GOOD | {"phone": "-", "licence_no": "L1"}

    assert not found(book(rest=rest, phone="-", licence_no="L2"))


def test_it_is_told_at_the_first_order_of_a_month():
    assert not found(book("1 A 2026-03-02\n2 A 2026-03-30", phone="-"))


def test_it_is_never_pushed_but_stands_in_the_ledger():
    (row,) = found(guilty())

    assert row["surprise"] + FileFaults.weight < 0
    assert FileFaults().hit(row)
    assert not FileFaults.statutory
    assert FileFaults().floor(row) is None
