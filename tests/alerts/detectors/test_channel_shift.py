import datetime as dt

import pytest

from alerts.detectors.channel_shift import ChannelShift
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book("网上 手机 微信 网上 手机 手机 网上 手机 电话")


def book(channels, qty=30):
    lines = ["order_id retailer_id day channel qty"]
    shops = {"A": channels} | {f"R{n}": "网上 " * 9 for n in range(20)}
    for shop, text in shops.items():
        for week, channel in enumerate(reversed(text.split())):
            day = ON - dt.timedelta(weeks=week)
            lines.append(f"{shop}{week} {shop} {day} {channel} {qty}")
    return facts(orders="\n".join(lines))


def found(tables, **params):
    return rows(ChannelShift(**params).find(tables, ON))


def test_it_says_what_was_before_and_what_is_now():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert ChannelShift().sentence(row) == (
        "此前8次订货几乎都在网上，当日改为电话订货30条；近1单有1单这样改变，全县平常约0.3%。"
    )


@pytest.mark.parametrize(
    ("channels", "told"),
    [
        ("网上 " * 8 + "手工", 1),
        ("网上 " * 7 + "手工", 0),
        ("电话 " * 8 + "电话", 0),
        ("网上 " * 8 + "手机", 0),
        ("网上 " * 8 + "电话 网上", 0),
        ("电话 " + "网上 " * 9 + "电话", 1),
        ("电话 " + "网上 " * 8 + "电话", 0),
        ("网上 " * 8 + "-", 0),
    ],
    ids=[
        "after eight", "after seven", "always by telephone", "another way online",
        "back again", "nine of ten", "eight of nine", "not noted",
    ],
)  # fmt: skip
def test_only_who_ordered_online_before_has_changed(channels, told):
    assert len(found(book(channels))) == told


def test_it_says_so_without_quantities_too():
    (row,) = found(book("网上 " * 8 + "电话", qty="-"))

    assert "电话订货0条" in ChannelShift().sentence(row)
