import datetime as dt
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sources.sample import county as sample
from sources.sample import ledgers, masters, seasons, stories, words

ANCHOR = dt.date(2026, 6, 9)  # a Tuesday
WEEKS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    sample.write_county(folder, until=ANCHOR, weeks=WEEKS)
    return folder


@pytest.fixture(scope="module")
def told():
    return {(s["county"], s["key"]): s for s in sample.truth(ANCHOR)}


def text(folder: Path, kind: str, encoding: str, *, tab: bool = False, skip: int = 0):
    """All parts of a kind, as text, without doubled rows."""
    parts = [
        pd.read_csv(
            path,
            encoding=encoding,
            dtype=str,
            sep="\t" if tab else ",",
            skiprows=skip,
            keep_default_na=False,
        )
        for path in sorted(folder.glob(f"{kind}_*.csv"))
    ]
    return pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)


def orders(folder: Path):
    table = text(folder, "订单主表", "gb18030").drop(columns="档位")
    table["day"] = table["提交时间"].str[:10]
    return table


def lines(folder: Path):
    table = text(folder, "订单明细", "gb18030")
    numbers = ["需求量", "限量", "订购量", "批发价", "金额"]
    return table.astype(dict.fromkeys(numbers, int)).drop_duplicates(["订单号", "卷烟编码"])


def payments(folder: Path):
    table = text(folder, "结算", "utf-8-sig")
    return table[table["订单号"] != "合计"]


def deliveries(folder: Path):
    return text(folder, "配送", "utf-16", tab=True).astype({"送达量": int, "签收偏离": int})


def of_story(folder: Path, story, *, days: int = 1):
    """The sales of a story's shops on its latest order days."""
    table = orders(folder)
    mine = table["客户编码"].isin(story["retailers"]) & table["day"].isin(
        story["order_days"][:days]
    )
    return table[mine & (table["订单类型"] == "10")]


def digests(folder: Path):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    one, other, third = (tmp_path / name for name in "abc")

    sample.write_county(one, until=ANCHOR, weeks=1)
    masters.county.cache_clear()
    sample.write_county(other, until=ANCHOR, weeks=1)
    sample.write_county(third, until=ANCHOR, weeks=1, seed=7)

    assert digests(one) == digests(other)
    same = "卷烟目录.xlsx"
    assert digests(one)[same] != digests(third)[same]


def test_days_added_later_are_the_rows_of_a_full_run(folder, tmp_path):
    since, until = ANCHOR + dt.timedelta(days=1), ANCHOR + dt.timedelta(days=9)
    days, full = tmp_path / "days", tmp_path / "full"
    first = sample.first_day(ANCHOR, WEEKS)

    middle = since + dt.timedelta(days=3)
    sample.write_days(days, since=since, until=middle, anchor=ANCHOR)
    sample.write_days(days, since=middle + dt.timedelta(days=1), until=until, anchor=ANCHOR)
    sample.write_county(full, until=until, since=first, anchor=ANCHOR)

    for read in (orders, lines, payments, deliveries, limits, visits, changes):
        together = pd.concat([read(folder), read(days)])
        assert in_order(together).equals(in_order(read(full))), read.__name__


def limits(folder: Path):
    return text(folder, "投放策略", "gb18030")


def visits(folder: Path):
    return text(folder, "市场检查", "utf-8-sig", skip=1)


def changes(folder: Path):
    return text(folder, "客户信息变更", "gb18030") if any(folder.glob("客户信息变更*")) else None


def in_order(table: pd.DataFrame):
    return table.sort_values(list(table.columns), ignore_index=True)


def test_the_files_end_on_the_last_day_and_begin_52_weeks_before(folder):
    days = orders(folder)["day"]

    assert sample.first_day(ANCHOR) == ANCHOR - dt.timedelta(days=363)
    assert days.max() == ANCHOR.isoformat()
    assert days.min() >= sample.first_day(ANCHOR, WEEKS).isoformat()
    assert deliveries(folder)["送货日期"].max() == f"{ANCHOR:%Y.%m.%d}"


def test_orders_come_on_the_shops_own_weekday_inside_the_window(folder):
    at = pd.to_datetime(orders(folder)["提交时间"])

    assert set(at.dt.day_of_week) == {0, 1, 2, 3, 4}
    assert (at.dt.time >= dt.time(7, 30)).all()
    assert (at.dt.time < dt.time(20)).all()


def test_the_county_has_the_size_of_a_real_one(folder):
    sales = orders(folder)
    sales = sales[sales["客户编码"].str.startswith("450099") & (sales["订单类型"] == "10")]
    cartons = sales["订单总量"].astype(int)
    by_shop = cartons.groupby(sales["客户编码"]).sum().sort_values(ascending=False)
    largest = by_shop.iloc[: round(len(by_shop) * 0.034)].sum() / by_shop.sum()
    per_order = lines(folder).groupby("订单号").size().mean()

    assert 27 <= cartons.mean() <= 34
    assert 0.13 <= largest <= 0.19
    assert 16 <= per_order <= 21
    assert 1050 <= sales["客户编码"].nunique() <= 1100


def test_every_delivery_and_payment_has_its_order(folder):
    known = set(orders(folder)["订单号"])

    assert set(deliveries(folder)["订单号"]) <= known
    assert set(payments(folder)["订单号"]) <= known


def test_a_line_adds_up_and_an_order_is_the_sum_of_its_lines(folder):
    table = lines(folder)
    heads = orders(folder).set_index("订单号")["订单总量"].astype(int)

    assert (table["订购量"] * table["批发价"] == table["金额"]).all()
    assert (table.groupby("订单号")["订购量"].sum() == heads.reindex(sorted(heads.index))).all()


def test_only_the_planted_order_exceeds_its_limit(folder, told):
    table = lines(folder)
    over = set(table.loc[table["订购量"] > table["限量"], "订单号"])
    planted = [told[place, key] for place, key in told if key.startswith("over_limit")]

    assert over == {number for story in planted for number in of_story(folder, story)["订单号"]}


def test_the_masters_open_and_carry_their_dirt(folder):
    retailers = pd.read_excel(next(folder.glob("零售客户档案*")), header=None, engine="calamine")
    licences = next(folder.glob("许可证*")).read_bytes().decode("gb18030")
    codes = retailers[0].astype(str)

    assert retailers.iloc[3, 0] == "客户编码"
    assert codes.str.fullmatch(r"4500(99|98)\d{7}").sum() == 1250
    assert (codes == "4.50099E+12").sum() == 1
    assert codes.isin(["合计", "制表人：农晓"]).sum() == 2
    assert retailers[5].astype(str).str.contains("/0771-").any()
    assert retailers[5].astype(str).str.contains("１").any()
    assert len(pd.read_excel(folder / "人员.xlsx", engine="calamine")) == 30
    assert licences.startswith("<html>")
    assert "歇业" in licences


def test_id_numbers_have_a_valid_check_digit():
    shops = masters.county(masters.PLACES[0], sample.SEED).shops

    assert words.with_check_digit("11010519491231002") == "11010519491231002X"
    for number in shops["owner_id"].head(50):
        assert number == words.with_check_digit(number[:17])


def test_the_account_manager_orders_for_six_shops(folder, told):
    story = told["450099", "proxy_ordering"]
    sales = of_story(folder, story)
    at = pd.to_datetime(sales["提交时间"])
    staff = pd.read_excel(folder / "人员.xlsx", dtype=str, engine="calamine").set_index("工号")
    person = staff.loc[story["staff"][0]]
    paid = payments(folder).set_index("订单号").loc[sales["订单号"], "付款账户"]

    assert len(sales) == 6
    assert set(sales["设备标识"]) == {person["设备标识"]}
    assert at.max() - at.min() < dt.timedelta(minutes=10)
    assert (paid == f"'{person['账户']}").sum() == 1
    assert person["岗位"] == "客户经理"


def test_five_licences_are_paid_from_one_account_within_the_hour(folder, told):
    sales = of_story(folder, told["450099", "five_licences"])
    at = pd.to_datetime(sales["提交时间"])
    paid = payments(folder).set_index("订单号").loc[sales["订单号"], "付款账户"]

    assert len(sales) == 5
    assert paid.nunique() == 1
    assert sales["IP"].nunique() == 1
    assert at.max() - at.min() < dt.timedelta(hours=1)


@pytest.mark.parametrize(("key", "low", "high"), [("rural_outflow", 3, 6), ("wedding", 2.5, 4)])
def test_a_shop_suddenly_orders_several_times_its_normal(folder, told, key, low, high):
    story = told["450099", key]
    table = orders(folder)
    mine = table[table["客户编码"].isin(story["retailers"]) & (table["订单类型"] == "10")]
    last = mine["day"].isin(story["order_days"])
    usual = mine.loc[~last, "订单总量"].astype(int).median()

    assert low <= mine.loc[last, "订单总量"].astype(int).max() / usual <= high


def test_the_closed_shop_keeps_ordering_one_frozen_basket(folder, told):
    story = told["450099", "closed_shop"]
    sales = of_story(folder, story, days=4)
    basket = lines(folder).set_index("订单号").loc[sales["订单号"]]
    seen = visits(folder)
    shut = seen[seen["客户编码"].isin(story["retailers"])]

    assert len(sales) == 4
    assert basket.groupby("卷烟编码")["订购量"].nunique().eq(1).all()
    assert list(shut["是否营业"]) == ["关门"] * 4


def test_the_short_deliveries_are_signed_by_another_far_away(folder, told):
    sales = of_story(folder, told["450099", "short_delivery"], days=4)
    came = deliveries(folder).set_index("订单号").loc[sales["订单号"]]
    missing = sales["订单总量"].astype(int).to_numpy() - came["送达量"].to_numpy()

    assert (missing >= 3).all()
    assert set(came["签收方式"]) == {"代签"}
    assert (came["签收偏离"] > 400).all()


def test_licences_of_two_stories_do_not_cover_their_orders(folder, told):
    page = next(folder.glob("许可证*")).read_bytes().decode("gb18030")
    cells = np.array(re.findall(r"<td>(.*?)</td>", page)).reshape(-1, 8)
    latest = pd.DataFrame(cells).drop_duplicates(1, keep="last").set_index(1)

    expired = latest.loc[told["450099", "expired_licence"]["retailers"][0]]
    closed = latest.loc[told["450099", "closed_shop"]["retailers"][0]]

    assert expired[3] == str(ANCHOR - dt.timedelta(days=45))
    assert closed[4] == "歇业"
    assert (latest[3] <= str(ANCHOR)).sum() == 2  # one a county


@pytest.mark.parametrize(
    "anchor", [dt.date(2026, 2, 18), dt.date(2026, 3, 20), dt.date(2026, 10, 4)]
)
def test_every_story_has_its_order_days_near_festivals_too(anchor):
    last_days = seasons.order_days_before(anchor, 5)

    for place in masters.PLACES:
        for story in stories.planted(masters.county(place, sample.SEED), anchor):
            days = story.order_days()
            assert days, story.key
            assert "weeks_ago" in story.key or days[0] in last_days


def test_the_first_morning_shows_the_decisive_orders(told):
    last_days = [day.isoformat() for day in seasons.order_days_before(ANCHOR, 5)]
    recent = [s for s in told.values() if s["key"] not in ("county_fair", "festival")]

    for story in recent:
        if "weeks_ago" not in story["key"]:
            assert story["order_days"][0] in last_days, story["key"]


def test_everybody_rises_before_the_spring_festival_and_falls_after_it():
    county = masters.county(masters.PLACES[1], sample.SEED)
    anchor = dt.date(2026, 4, 1)
    book = ledgers.ledger(
        county, (), since=dt.date(2026, 1, 5), until=dt.date(2026, 3, 29), anchor=anchor
    )
    by_week = book.orders.groupby("周期起")["订单总量"].sum()
    normal = by_week.loc[["20260105", "20260112", "20260316"]].mean()

    assert by_week["20260202"] > 1.35 * normal
    assert "20260216" not in by_week
    assert by_week["20260223"] < 0.75 * normal


def test_the_fair_lifts_one_county_for_one_week():
    main, small = (masters.county(place, sample.SEED) for place in masters.PLACES)
    fair = seasons.fair_week(ANCHOR)
    span = {"since": fair - dt.timedelta(weeks=2), "until": fair + dt.timedelta(days=11)}

    main_weeks, small_weeks = (
        ledgers.ledger(c, (), anchor=ANCHOR, **span).orders.groupby("周期起")["订单总量"].sum()
        for c in (main, small)
    )
    key = f"{fair:%Y%m%d}"

    assert 1.25 < main_weeks[key] / main_weeks.drop(key).mean() < 1.5
    assert 0.8 < small_weeks[key] / small_weeks.drop(key).mean() < 1.2


def test_a_suspended_week_brings_no_orders_and_breaks_nothing(tmp_path):
    paths = sample.write_days(
        tmp_path, since=dt.date(2026, 2, 16), until=dt.date(2026, 2, 20), anchor=ANCHOR
    )

    assert not any(path.name.startswith("订单") for path in paths)
    assert any(path.name.startswith("订货日历") for path in paths)


@pytest.mark.parametrize("year", range(2024, 2030))
def test_every_year_suspends_the_week_of_the_spring_festival(year):
    day = seasons.spring_festival(year)
    week = seasons.monday_of(day + dt.timedelta(days=2))

    assert seasons.suspended(week)
    assert not seasons.suspended(week - dt.timedelta(weeks=1))
    assert seasons.season(week - dt.timedelta(days=3)) > 1.3
    assert seasons.season(week + dt.timedelta(days=8)) < 0.8


def test_the_truth_is_written_as_json(tmp_path):
    path = sample.write_truth(tmp_path / "stories.json", anchor=ANCHOR)

    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["anchor"] == ANCHOR.isoformat()
    assert {"proxy_ordering", "wedding", "county_fair", "festival"} <= {
        story["key"] for story in told["stories"]
    }
    assert not next(s for s in told["stories"] if s["key"] == "wedding")["guilty"]


def test_stories_need_a_county_that_can_cast_them():
    cast = stories.Cast(masters.county(masters.PLACES[1], sample.SEED), ANCHOR, set())

    with pytest.raises(ValueError, match="too small"):
        cast.pick(500, ANCHOR, np.ones(150, dtype=bool))
