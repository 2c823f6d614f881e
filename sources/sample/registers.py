"""What changes slowly: licences, changes of customer data, market inspections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sources.sample import masters, seasons, words
from sources.sample.masters import County
from sources.sample.stories import Story

RENEWED_EARLY = dt.timedelta(days=30)
Row = tuple[str, ...]


def _years_on(day: dt.date, years: int) -> dt.date:
    return day.replace(year=day.year + years, day=min(day.day, 28))


def licences(county: County, stories: Sequence[Story], until: dt.date) -> pd.DataFrame:
    """许可证: every five-year term issued by `until`, the latest last for each shop."""
    ended = {shop: story.expires for story in stories for shop in story.shops if story.expires}
    closed = {shop: story.closed for story in stories for shop in story.shops if story.closed}
    rows: list[Row] = []
    shops = county.shops
    for shop, (code, opened, licensee, address) in enumerate(
        zip(shops["code"], shops["opened"], shops["licensee"], shops["address"], strict=True)
    ):
        ends, given_up = ended.get(shop), closed.get(shop)
        for term, (start, end) in enumerate(_terms(opened, until, ends)):
            last = end == ends or start <= until < end
            state = "歇业" if given_up and last and given_up <= until else "有效"
            since = str(given_up) if state == "歇业" else ""
            number = f"{county.code}1{shop * 5 + term:05}"
            rows.append((number, code, str(start), str(end), state, since, licensee, address))
    columns = words.each("许可证号 客户编码 有效期起 有效期止 状态 状态日期 负责人 经营地址")
    return pd.DataFrame(rows, columns=columns, dtype="str")


def _terms(opened: dt.date, until: dt.date, ends: dt.date | None) -> list[tuple[dt.date, dt.date]]:
    """From the first licence on; where `ends` is given the term then running is cut and the last."""
    terms = []
    start = opened
    while start <= until + RENEWED_EARLY and (ends is None or start <= ends):
        following = _years_on(start, 5)
        end = following - dt.timedelta(days=1)
        terms.append((start, min(end, ends) if ends else end))
        start = following
    if ends:
        terms[-1] = (terms[-1][0], ends)
    return terms


def changes(
    county: County, stories: Sequence[Story], since: dt.date, until: dt.date
) -> pd.DataFrame:
    """客户信息变更: phones and accounts on their set days, tiers at the start of a quarter."""
    rows: list[Row] = []
    shops = county.shops
    managers = county.staff["staff_id"].to_numpy()[shops["manager"]]
    for column, item in (("phone", "电话"), ("account", "账户")):
        when = shops[f"{column}_changes"]
        due = when.between(since.toordinal(), until.toordinal())
        for shop in when.index[due]:
            day = str(dt.date.fromordinal(int(when.iloc[shop])))
            old, new = str(shops[column].iloc[shop]), str(shops[f"new_{column}"].iloc[shop])
            rows.append((shops["code"].iloc[shop], day, item, old, new, managers[shop], ""))
    for story in stories:
        for shop, moved, new in story.phones:
            if since <= moved <= until:
                old = str(masters.now_or_later(county, "phone", moved)[shop])
                code = shops["code"].iloc[shop]
                rows.append((code, str(moved), "电话", old, new, managers[shop], ""))
    rows += _tier_changes(county, since, until)
    columns = words.each("客户编码 变更日期 变更项目 变更前 变更后 操作人 审批人")
    table = pd.DataFrame(rows, columns=columns, dtype="str")
    return table.sort_values(["变更日期", "客户编码", "变更项目"], ignore_index=True)


def _tier_changes(county: County, since: dt.date, until: dt.date) -> list[Row]:
    rows: list[Row] = []
    for first in pd.date_range(since, until, freq="QS"):
        day = first.date()
        before, after = (
            masters.tiers(county, day - dt.timedelta(days=1)),
            masters.tiers(county, day),
        )
        for shop in np.flatnonzero(before != after):
            code, old, new = county.shops["code"].iloc[shop], str(before[shop]), str(after[shop])
            rows.append((code, str(day), "档位", old, new, "YXZX", "审批会"))
    return rows


def visits(
    county: County, stories: Sequence[Story], since: dt.date, until: dt.date
) -> pd.DataFrame:
    """市场检查: each shop about every six weeks; a shop is found shut now and then."""
    officers = county.staff.loc[county.staff["role"] == "专卖管理员", "name"].to_numpy()
    pair = np.array([f"{officers[i]}、{officers[i - 1]}" for i in range(len(officers))])
    codes = county.shops["code"].to_numpy()
    quiet = np.array([shop for story in stories if story.closed for shop in story.shops], dtype=int)
    parts = []
    for monday in seasons.mondays(since, until):
        rng = county.rng(7, monday.toordinal())
        n = len(codes)
        seen = rng.random(n) < (0.0 if seasons.suspended(monday) else 0.16)
        seen[quiet] = False
        days = monday.toordinal() + rng.integers(0, 5, n)
        open_, team = rng.random(n) < 0.985, rng.integers(0, len(pair), n)
        parts.append(_visits(codes[seen], days[seen], open_[seen], pair[team[seen]]))
    for story in stories:
        at = np.array([day.toordinal() for day in story.shut], dtype=int)
        who = np.repeat(codes[list(story.shops)], len(at))[: len(at)]
        parts.append(_visits(who, at, at < 0, pair[at % len(pair)]))
    table = pd.concat(parts, ignore_index=True)
    table = table[table["检查日期"].between(str(since), str(until))]
    return table.sort_values(["检查日期", "客户编码"], ignore_index=True)


def _visits(
    codes: words.Words, days: masters.Ints, open_: np.ndarray, teams: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "客户编码": codes,
            "检查日期": [str(dt.date.fromordinal(int(day))) for day in days],
            "是否营业": np.where(open_, "营业", "关门"),
            "结果": np.where(open_, "正常", "店铺关闭"),
            "检查人": teams,
        },
        dtype="str",
    )
