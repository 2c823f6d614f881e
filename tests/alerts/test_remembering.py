"""What nights remember is what would be made from scratch, through the lake, however it came about."""

import datetime as dt
import math
from pathlib import Path

import pytest

from alerts import panels
from alerts.actions import nights, remembering
from alerts.models import Memory, Night, Surprise
from sources import lake
from sources.facts import rows
from tests import make
from tests.alerts.books import noise
from tests.sources.exports import bring_all as bring

ON = dt.date(2026, 3, 31)  # a Tuesday
NOW = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)
SHOPS, WEEKS, BRANDS = 12, 24, 6


def days():
    """Half of the shops order on Mondays, half on Tuesdays."""
    return [ON - dt.timedelta(days=7 * week + day) for week in range(WEEKS) for day in (0, 1)]


def quantity(shop, day, brand):
    draw = noise(shop * 31 + brand, day.toordinal())
    return max(0, round(4 + 2 * draw)) if draw > -1.2 else 0


def masters():
    shops = "".join(
        f"R{n:02},451423,{n}店,{n % 4 + 8},{n % 2 + 1},2020-01-06,O{n}\n" for n in range(SHOPS)
    )
    skus = "".join(f"690{b},卷烟{b},{(b + 1) * 90},{b % 3 + 1}\n" for b in range(BRANDS))
    return {
        "零售客户档案.csv": "retailer_id,county,name,tier,order_day,open_date,owner_id\n" + shops,
        "卷烟目录.csv": "sku_id,sku_name,wholesale_price,price_class\n" + skus,
    }


def order(shop, day, factor=1):
    """A shop's order of a day: its header, and its lines; one in eight does not order."""
    if noise(shop * 77, day.toordinal()) < -1.15:
        return "", ""
    number = f"C{shop}-{day:%y%m%d}"
    wanted = [(b, quantity(shop, day, b) * factor) for b in range(BRANDS)]
    lines = "".join(f"{number},690{b},{qty},{4 if b < 2 else 30}\n" for b, qty in wanted if qty)
    whole = sum(qty for _b, qty in wanted)
    return f"{number},R{shop:02},{day} 10:00:00,{shop % 4 + 8},{whole},60\n", lines


def exports(dates, factor=1):
    """The files of some order days."""
    made = [
        order(n, day, factor)
        for day in dates
        for n in range(SHOPS)
        if n % 2 == ON.weekday() - day.weekday()
    ]
    return {
        "订单主表.csv": "order_id,retailer_id,order_time,tier,qty,status\n"
        + "".join(one for one, _l in made),
        "订单明细.csv": "order_id,sku_id,qty,limit_qty\n" + "".join(lines for _o, lines in made),
    }


@pytest.fixture
def county(db, tmp_path, settings):
    settings.LAKE_URL = str(tmp_path / "lake")
    county = make.bureau("451423")
    bring(masters())
    bring(exports(days()))
    return county


@pytest.fixture
def few(monkeypatch):
    """Two panels only, where it does not matter which: they take less time."""
    made = {name: panels.PANELS[name] for name in ("order_days", "volume")}
    monkeypatch.setattr(panels, "PANELS", made)


def remembered(county, on=ON):
    """The panels up to a day, as rows rounded to nine digits, and what was kept."""
    with lake.open_facts(on=on, bureaus=[county.code]) as facts:
        tables = remembering.remember(
            facts=facts.until(on), on=on, city=county.city, codes=[county.code], now=NOW
        )
        return {name: in_order(rows(table)) for name, table in tables.items()}


def in_order(found):
    told = [{name: rounded(value) for name, value in row.items()} for row in found]
    return sorted(told, key=lambda row: sorted((k, str(v)) for k, v in row.items()))


def rounded(value):
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 9) + 0.0
    return value


def from_scratch(county, on=ON):
    Memory.objects.all().delete()
    return remembered(county, on)


def test_nights_add_up_to_what_is_made_from_scratch(county):
    remembered(county, ON - dt.timedelta(weeks=2))
    first = Memory.objects.get().files
    for day in sorted(days())[-4:]:
        grown = remembered(county, day)

    assert set(grown) == set(panels.PANELS)
    assert all(len(found) > 200 for found in grown.values())
    assert Memory.objects.get().through == ON
    january = first["volume"]["2026-01"]
    assert Memory.objects.get().files["volume"]["2026-01"] == january  # a closed month stays
    assert grown == from_scratch(county)


def test_a_night_that_runs_again_writes_nothing(few, county):
    once = remembered(county)
    kept = Memory.objects.values().get()

    assert remembered(county) == once
    assert Memory.objects.values().get() == kept


def test_a_past_night_sees_only_its_days(few, county):
    remembered(county)

    past = remembered(county, ON - dt.timedelta(weeks=1))

    assert max(row["day"] for row in past["volume"]) == ON - dt.timedelta(weeks=1)
    assert past == from_scratch(county, ON - dt.timedelta(weeks=1))


@pytest.mark.parametrize("weeks", [0, 3, 20])
def test_what_is_corrected_is_made_again_from_its_day_on(few, county, weeks):
    day = ON - dt.timedelta(weeks=weeks)
    before = remembered(county)
    bring(exports([day], factor=3))

    after = remembered(county)

    assert after != before
    assert after == from_scratch(county)


def test_rows_that_come_late_are_made_up_for(few, county):
    day = ON - dt.timedelta(weeks=2, days=2)  # a Sunday: nobody had ordered
    remembered(county)
    bring(
        {
            "订单主表.csv": f"order_id,retailer_id,order_time,tier,qty,status\nX,R01,{day} 10:00:00,8,4,60\n",
            "订单明细.csv": "order_id,sku_id,qty,limit_qty\nX,6900,4,4\n",
        }
    )

    after = remembered(county)

    assert any(row["day"] == day for row in after["order_days"])
    assert after == from_scratch(county)


def test_other_formulas_make_all_anew(few, county, monkeypatch):
    remembered(county)
    old = Memory.objects.get().files
    monkeypatch.setattr(remembering, "formula", lambda: "other")

    remembered(county)

    kept = Memory.objects.get()
    assert kept.formula == "other"
    assert not set(kept.files["volume"]["2026-01"]) & set(old["volume"]["2026-01"])


def test_lost_files_are_found_out_and_made_anew(few, county):
    once = remembered(county)
    for path in Memory.objects.get().files["volume"].values():
        Path(remembering.root() / path[0]).unlink()

    assert remembered(county) == once


def test_a_county_without_limits_has_the_rest(db, tmp_path, settings):
    settings.LAKE_URL = str(tmp_path / "lake")
    county = make.bureau("451423")
    bring(masters())
    files = exports(days())
    files["订单明细.csv"] = "\n".join(
        line.rsplit(",", 1)[0] for line in files["订单明细.csv"].splitlines()
    )
    bring(files)

    found = remembered(county)

    assert {"volume", "structure", "repeats"} <= set(found)
    assert "pressure" not in found


def test_leftovers_go_after_a_day(few, county, monkeypatch):
    remembered(county)
    place = remembering.root() / "panels" / county.city.code
    (place / "killed").mkdir()

    remembering.sweep(city=county.city)
    assert (place / "killed").exists()
    monkeypatch.setattr(remembering, "LEFTOVER", -1)
    remembering.sweep(city=county.city)

    assert not (place / "killed").exists()
    assert remembered(county)


def test_a_night_finds_the_same_whether_it_remembers_or_not(county, monkeypatch):
    """The product's own night: once with what earlier nights kept, once with all made at once."""
    city = county.city
    for day in sorted(days())[-3:]:
        nights.run_night(on=day, city=city, now=NOW)
    found = told(ON)
    assert {"outflow", "struct_shift"} <= {row[0] for row in found}
    Memory.objects.all().delete()

    nights.run_night(on=ON, city=city, now=NOW)

    assert told(ON) == found
    assert not Night.objects.get(bureau=city, on=ON).error


def told(on):
    found = Surprise.objects.filter(night__on=on).order_by("detector", "subject_id")
    return [(one.detector, one.subject_id, round(one.surprise, 9), one.sentence) for one in found]
