import datetime as dt

import pytest
from deltalake import DeltaTable, write_deltalake

from sources import lake
from sources.facts import rows
from sources.lake.tables import location
from sources.models import ColumnProfile, TableVersion
from tests import make
from tests.sources.exports import (
    CHANGES,
    DELIVERIES,
    LINES,
    NOON,
    ORDERS,
    PAYMENTS,
    RETAILERS,
    SKUS,
    bring,
    bring_all,
    fact,
    known,
)

pytestmark = pytest.mark.django_db
LIMITS = "周期起,卷烟编码,档位,每户上限\n20260302,6901002,5,3\n20260302,6901002,12,9\n"


def test_facts_hold_neither_cancelled_orders_nor_their_lines():
    bring_all()

    assert set(fact("orders", "qty")) == {"CO1", "CO2"}
    assert set(fact("lines", "qty")) == {"CO1", "CO2"}


def test_returns_are_left_out_too():
    bring_all()
    bring(
        "订单主表.csv",
        ORDERS.replace(
            "CO2,451423100002,2026-03-02 11:00:00,2", "CO2,451423100002,2026-03-02 11:00:00,-2"
        ),
    )

    assert set(fact("orders", "qty")) == {"CO1"}


def test_days_after_the_asked_one_are_cut_off():
    bring_all()

    assert len(known(dt.date(2026, 3, 2))["orders"]) == 2
    assert known(dt.date(2026, 3, 1))["orders"] == []
    assert known(dt.date(2026, 3, 2))["deliveries"] == []


def test_a_snapshot_has_the_changes_that_had_come_by_the_day():
    bring_all()
    before, after = dt.date(2026, 3, 4), dt.date(2026, 3, 5)

    assert fact("retailers", "tier", before)["451423100001"] == 12
    assert fact("retailers", "tier", after)["451423100001"] == 20
    assert fact("retailers", "address", before)["451423100002"] == "龙州镇二号"
    assert fact("retailers", "address", after)["451423100002"] == "龙州镇三号"
    phones = [fact("retailers", "phone", on)["451423100002"] for on in (before, after)]
    assert phones[0] != phones[1]
    assert all(len(phone) == 32 for phone in phones)


def test_a_change_that_is_no_tier_is_left_aside():
    bring_all()
    bring(
        "客户信息变更2.csv",
        "客户编码,变更日期,变更项目,变更前,变更后\n451423100001,2026-03-06,档位,20,13800007777\n",
    )

    assert fact("retailers", "tier")["451423100001"] == 20


def test_an_order_without_a_tier_has_that_of_its_day():
    bring_all()

    assert fact("orders", "tier") == {"CO1": 12, "CO2": 5}


def test_a_line_without_a_limit_has_that_of_its_week_product_and_tier():
    bring_all()
    assert fact("lines", "limit_qty") == {"CO1": 10, "CO2": None}

    bring("投放策略.csv", LIMITS)

    assert fact("lines", "limit_qty") == {"CO1": 10, "CO2": 3}


def test_a_newer_snapshot_counts_from_its_day():
    bring("零售客户档案.csv", RETAILERS, at=dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC))
    later = RETAILERS.replace("一号,12", "一号,15")
    bring("零售客户档案2.csv", later, at=dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC))

    tiers = [
        fact("retailers", "tier", dt.date(2026, *day))["451423100001"]
        for day in ((1, 1), (3, 9), (3, 10))
    ]

    assert tiers == [12, 12, 15]


def test_a_snapshot_that_repeats_a_value_does_not_undo_a_change():
    bring("零售客户档案.csv", RETAILERS, at=dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC))
    bring("客户信息变更.csv", CHANGES)
    later = RETAILERS.replace("阿兰便利店", "阿兰超市")
    bring("零售客户档案2.csv", later, at=dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC))

    assert fact("retailers", "tier")["451423100001"] == 20
    assert fact("retailers", "name")["451423100001"] == "阿兰超市"


def test_what_was_known_earlier_leaves_later_imports_out():
    bring_all()
    bring("订单主表.csv", ORDERS.replace("5,400.00", "6,480.00"), at=NOON + dt.timedelta(days=1))

    assert fact("orders", "qty")["CO1"] == 6
    assert fact("orders", "qty", known_at=NOON)["CO1"] == 5
    assert known(known_at=NOON - dt.timedelta(days=1))["orders"] == []


def test_columns_that_no_import_brought_are_missing():
    bring_all()

    with lake.open_facts(on=dt.date(2026, 3, 31), bureaus=["451423"]) as facts:
        missing = facts.missing

    assert {"orders.ip", "visits.day", "logins.ip", "retailers.lat"} <= missing
    assert not {"orders.tier", "orders.day", "orders.week_start", "lines.limit_qty"} & missing


def test_other_bureaus_see_nothing_of_it():
    bring_all()
    make.bureau("460101")

    assert known(bureau="460101")["orders"] == []
    assert known(bureau="460101")["retailers"] == []


def test_a_session_serves_many_nights():
    bring_all()

    with lake.session(bureaus=["451423"], until=dt.date(2026, 3, 31)) as opened:
        nights = [opened.facts(dt.date(2026, 3, day)) for day in (1, 2, 5)]
        orders = [len(rows(facts.orders)) for facts in nights]
        tiers = [
            {row["retailer_id"]: row["tier"] for row in rows(facts.retailers)}["451423100001"]
            for facts in nights
        ]

    assert orders == [0, 2, 2]
    assert tiers == [12, 12, 20]


def test_files_of_uncommitted_versions_are_not_opened():
    bring_all()
    place = location("orders", "451423")
    table = DeltaTable(place)
    table.delete()  # what a killed import may leave: a version that PostgreSQL does not name

    assert set(fact("orders", "qty")) == {"CO1", "CO2"}
    bring("订单主表3.csv", ORDERS.replace("CO", "CP"))
    assert set(fact("orders", "qty")) == {"CO1", "CO2", "CP1", "CP2"}
    assert TableVersion.objects.get(table="orders").version == DeltaTable(place).version()


def test_rows_lead_back_to_file_and_row():
    batches = bring_all()

    with lake.open_facts(on=dt.date(2026, 3, 31), bureaus=["451423"]) as facts:
        line = rows(facts.lines)[0]

    assert line["batch_id"] == batches["订单明细.csv"].pk
    assert line["row_no"] in {2, 3}


def test_a_held_row_keeps_its_lineage_when_it_is_released():
    held = bring("配送.csv", DELIVERIES)
    for name, text in (
        ("零售客户档案.csv", RETAILERS),
        ("卷烟目录.csv", SKUS),
        ("订单明细.csv", LINES),
    ):
        bring(name, text)
    bring("订单主表.csv", ORDERS)

    with lake.open_facts(on=dt.date(2026, 3, 31), bureaus=["451423"]) as facts:
        found = {(row["batch_id"], row["row_no"]) for row in rows(facts.deliveries)}

    assert found == {(held.pk, 2), (held.pk, 3)}


def test_a_phone_of_the_day_of_export_is_undone_by_the_changes_before_it():
    ColumnProfile.objects.create(
        bureau=make.bureau("4514"), kind="retailers", header="现用电话", column="phone_now"
    )
    shops = "客户编码,县公司,现用电话\n451423100002,451423,13900002222\n"
    bring("零售客户档案.csv", shops, at=dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC))
    bring(
        "客户信息变更.csv",
        "客户编码,变更日期,变更项目,变更前,变更后\n"
        "451423100002,2026-03-05,订货电话,13900000000,13900001111\n"
        "451423100002,2026-03-08,订货电话,13900001111,13900002222\n"
        "451423100002,2026-03-12,订货电话,13900002222,13900003333\n",
    )

    phones = [
        fact("retailers", "phone", dt.date(2026, 3, day))["451423100002"]
        for day in (4, 5, 7, 8, 11, 12)
    ]

    numbers = list(dict.fromkeys(phones))
    assert [numbers.index(phone) for phone in phones] == [0, 1, 1, 2, 2, 3]
    assert None not in numbers


def test_a_table_older_than_a_column_is_read_and_written_on():
    """As an update of the program finds it: files, and a Delta schema, without the column."""
    bring_all()
    known_version = TableVersion.objects.get(table="orders")
    table = DeltaTable(location("orders", "451423"))
    older = table.to_pyarrow_table().drop_columns(["ip_city"])
    write_deltalake(table, older, mode="overwrite", schema_mode="overwrite")
    known_version.version = DeltaTable(location("orders", "451423")).version()
    known_version.save()

    assert set(fact("orders", "ip_city").values()) == {None}
    bring("订单主表2.csv", ORDERS.replace("状态", "状态,归属地").replace(",60\n", ",60,崇左市\n"))
    assert fact("orders", "ip_city") == {"CO1": "崇左市", "CO2": "崇左市"}


def test_cancelled_orders_stand_apart_with_what_was_paid_for_them():
    bring_all()
    paid = PAYMENTS.splitlines()[0] + "\nCO3,2026-03-10,6217000011112222,320.00,黄某兰\n"

    assert fact("cancelled", "paid_on") == {"CO3": None}
    bring("结算2.csv", paid)
    assert fact("cancelled", "paid_on") == {"CO3": dt.date(2026, 3, 10)}
    assert fact("cancelled", "paid_amount") == {"CO3": 32000}
    assert fact("orders", "qty").keys() == {"CO1", "CO2"}
