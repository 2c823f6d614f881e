"""The files of the sample city: a first year in one go, afterwards the days that are missing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sources.sample import files, ledgers, masters, registers, seasons, stories
from sources.sample.masters import County, Place

SEED = 450099
WEEKS = 52
LEDGERS = ("orders", "lines", "deliveries", "payments", "logs")


@dataclass(frozen=True)
class Sample:
    """What fixes every row: the seed, the anchor of the stories, the span, and the counties."""

    since: dt.date
    until: dt.date
    anchor: dt.date
    seed: int = SEED
    opening: dt.date = dt.date.min  # orders before it are unknown to the files
    places: tuple[Place, ...] = masters.PLACES

    def counties(self) -> list[County]:
        return [masters.county(place, self.seed) for place in self.places]


def first_day(until: dt.date, weeks: int = WEEKS) -> dt.date:
    """The first day of a span of so many weeks that ends on `until`."""
    return until - dt.timedelta(days=7 * weeks - 1)


def write_county(  # noqa: PLR0913  all that fixes a sample
    folder: Path, *, until: dt.date, weeks: int = WEEKS, seed: int = SEED,
    since: dt.date | None = None, anchor: dt.date | None = None,
    places: tuple[Place, ...] = masters.PLACES,
) -> list[Path]:  # fmt: skip
    """All files of these counties up to and including `until`; the stories hang on `anchor`.

    Without an anchor the stories end with the span, as on a first start.
    """
    first = since or first_day(until, weeks)
    sample = Sample(first, until, anchor or until, seed, opening=first, places=places)
    folder.mkdir(parents=True, exist_ok=True)
    return [*_write_masters(folder, sample), *_write_registers(folder, sample),
            *_write_months(folder, sample)]  # fmt: skip


def write_days(
    folder: Path, *, since: dt.date, until: dt.date, anchor: dt.date, seed: int = SEED,
    places: tuple[Place, ...] = masters.PLACES,
) -> list[Path]:  # fmt: skip
    """What came from `since` to `until`, both included: the same rows as in a larger run."""
    sample = Sample(since, until, anchor, seed, places=places)
    folder.mkdir(parents=True, exist_ok=True)
    return [*_write_registers(folder, sample), *_write_months(folder, sample)]


def truth(anchor: dt.date, seed: int = SEED) -> list[dict[str, Any]]:
    """The planted stories with this anchor: codes, dates, who is guilty."""
    return stories.told(Sample(anchor, anchor, anchor, seed).counties(), anchor)


def write_truth(path: Path, *, anchor: dt.date, seed: int = SEED) -> Path:
    """The planted stories as JSON. Keep it outside the folder that is imported."""
    told = {"anchor": anchor.isoformat(), "seed": seed, "stories": truth(anchor, seed)}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _write_masters(folder: Path, sample: Sample) -> list[Path]:
    """机构, 零售客户档案, 人员, 卷烟目录: as they stood at the start of the span."""
    day = f"{sample.since:%Y%m%d}"
    retailers = _retailers(sample)
    titles = (
        f"{masters.CITY_NAME}烟草专卖局（公司）",
        "零售客户档案",
        f"导出日期：{day}　　单位：户",
    )
    ending = (f"合计|{len(retailers)}", "制表人：农晓|||审核人：")
    staff, products = _staff(sample), _products(sample.seed)
    return [
        files.write_csv(folder / "机构.csv", _bureaus(sample), encoding="utf-8-sig"),
        files.write_sheet(
            folder / f"零售客户档案{day}.xlsx", retailers, above=titles, below=ending
        ),
        files.write_sheet(folder / "人员.xlsx", staff),
        files.write_sheet(folder / "卷烟目录.xlsx", products, above=("卷烟目录", "单位：元/条")),
    ]


def _bureaus(sample: Sample) -> pd.DataFrame:
    rows = [
        (masters.PROVINCE, "广西壮族自治区烟草专卖局", ""),
        (masters.CITY, f"{masters.CITY_NAME}烟草专卖局", masters.PROVINCE),
        *((place.code, f"{place.name}烟草专卖局", masters.CITY) for place in sample.places),
    ]
    return pd.DataFrame(rows, columns=["机构编码", "名称", "上级"])


def _retailers(sample: Sample) -> pd.DataFrame:
    tables = [_county_retailers(county, sample) for county in sample.counties()]
    table = pd.concat(tables, ignore_index=True)
    lost = table.iloc[[-1]].assign(客户编码="4.50099E+12", 客户名称="新开户待录入")
    return pd.concat([table, lost], ignore_index=True)


def _county_retailers(county: County, sample: Sample) -> pd.DataFrame:
    shops, day = county.shops, sample.since
    phones = masters.now_or_later(county, "phone", day)
    phones[17::211] = (
        phones[17::211] + "/0771-8" + np.array([c[-6:] for c in shops["code"]])[17::211]
    )
    phones[29::307] = [phone.translate(files.FULL_WIDTH) for phone in phones[29::307]]
    licences = registers.licences(county, (), day)
    current = licences[licences["有效期起"] <= str(day)].drop_duplicates("客户编码", keep="last")
    numbers = shops["code"].map(current.set_index("客户编码")["许可证号"]).fillna("")
    opened = [f"{d:%Y/%m/%d}" if i % 3 else f"{d:%Y%m%d}" for i, d in enumerate(shops["opened"])]
    managers = county.staff["staff_id"].to_numpy()[shops["manager"]]
    return pd.DataFrame(
        {
            "客户编码": shops["code"],
            "许可证号": numbers,
            "客户名称": shops["name"],
            "负责人": shops["licensee"],
            "证件号码": shops["owner_id"],
            "订货电话": phones,
            "经营地址": shops["address"],
            "纬度": shops["lat"].round(5),
            "经度": shops["lon"].round(5),
            "乡镇": shops["town"],
            "市场类型": shops["market"],
            "业态": shops["kind"],
            "档位": masters.tiers(county, day),
            "诚信等级": shops["credit"],
            "订货日": shops["order_day"],
            "订货周期": shops["cycle"],
            "订货方式": shops["channel"],
            "入网日期": opened,
            "状态": "02",
            "连锁编码": shops["chain"],
            "客户经理": managers,
            "送货线路": shops["route"],
            "结算账户": masters.now_or_later(county, "account", day),
            "县公司": county.place.name,
        }
    )


def _staff(sample: Sample) -> pd.DataFrame:
    tables = []
    for county in sample.counties():
        staff = county.staff
        valid = np.where(staff["cert"] == "", "", f"{sample.since.year + 3}-12-31")
        tables.append(
            pd.DataFrame(
                {
                    "工号": staff["staff_id"],
                    "姓名": staff["name"],
                    "岗位": staff["role"],
                    "电话": staff["phone"],
                    "设备标识": staff["device"],
                    "账户": staff["account"],
                    "执法证号": staff["cert"],
                    "执法证有效期": valid,
                    "县公司": county.place.name,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _products(seed: int) -> pd.DataFrame:
    table = masters.products(seed)
    state = np.where(table["scarce"], "紧俏", np.where(table["pull"] < 0.6, "滞销", "顺销"))
    return pd.DataFrame(
        {
            "卷烟编码": table["sku_id"],
            "名称": table["name"],
            "批发价": table["price"],
            "价类": table["klass"],
            "建议零售价": table["retail"],
            "每条支数": 200,
            "市场状态": state,
            "重点关注": np.where(table["focus"], "是", "否"),
            "省内外": np.where(
                table["brand"].isin(["桂岭", "红棉", "左江", "漓水"]), "省内", "省外"
            ),
        }
    )


def _write_registers(folder: Path, sample: Sample) -> list[Path]:
    """许可证, 投放策略, 订货日历, 客户信息变更, 市场检查 of the span; the calendar's weeks begin in it."""
    span = f"{sample.until:%Y%m%d}"
    first = sample.since if sample.since > sample.anchor else seasons.monday_of(sample.since)
    weeks = [day for day in seasons.mondays(first, sample.until) if day >= first]
    return [
        files.write_licences(
            folder / f"许可证{span}.xls",
            _each(sample, lambda county, told: registers.licences(county, told, sample.until)),
        ),
        *_if_any(folder / f"投放策略_{span}.csv", _limits(sample.seed, weeks)),
        *_if_any(folder / f"订货日历_{span}.csv", seasons.calendar(first, sample.until)),
        *_if_any(folder / f"客户信息变更_{span}.csv", _each(
            sample, lambda county, told: registers.changes(county, told, sample.since, sample.until)
        )),
        files.write_visits(folder / f"市场检查_{span}.csv", _each(
            sample, lambda county, told: registers.visits(county, told, sample.since, sample.until)
        )),
    ]  # fmt: skip


def _if_any(path: Path, table: pd.DataFrame) -> Iterator[Path]:
    if len(table):
        yield files.write_csv(path, table)


def _each(
    sample: Sample, table: Callable[[County, tuple[stories.Story, ...]], pd.DataFrame]
) -> pd.DataFrame:
    return pd.concat(
        [table(county, stories.planted(county, sample.anchor)) for county in sample.counties()],
        ignore_index=True,
    )


def _limits(seed: int, weeks: list[dt.date]) -> pd.DataFrame:
    products = masters.products(seed)["sku_id"].to_numpy()
    n, tiers = len(products), masters.TIERS
    tables = [
        pd.DataFrame(
            {
                "周期起": week.strftime("%Y%m%d"),
                "卷烟编码": np.repeat(products, tiers),
                "档位": np.tile(np.arange(1, tiers + 1), n),
                "每户上限": masters.limits(seed, week).reshape(-1),
                "公示日期": (week - dt.timedelta(days=3)).strftime("%Y%m%d"),
            }
        )
        for week in weeks
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _write_months(folder: Path, sample: Sample) -> Iterator[Path]:
    """订单主表, 订单明细, 配送, 结算, 网订日志: a part for each month of the span."""
    books = [
        ledgers.ledger(
            county,
            stories.planted(county, sample.anchor),
            since=sample.since,
            until=sample.until,
            anchor=sample.anchor,
            opening=sample.opening,
        )
        for county in sample.counties()
    ]
    for start in pd.date_range(sample.since.replace(day=1), sample.until, freq="MS"):
        first = max(start.date(), sample.since)
        last = min((start + pd.offsets.MonthEnd(0)).date(), sample.until)
        part = {
            name: _days(pd.concat([getattr(book, name) for book in books]), first, last)
            for name in LEDGERS
        }
        yield from _write_part(folder, part, f"{first:%Y%m%d}-{last:%Y%m%d}", sample.seed)


def _days(table: pd.DataFrame, first: dt.date, last: dt.date) -> pd.DataFrame:
    days = table[table["day"].between(first.toordinal(), last.toordinal())]
    return days.sort_values("day", kind="stable", ignore_index=True)


def _write_part(
    folder: Path, part: dict[str, pd.DataFrame], span: str, seed: int
) -> Iterator[Path]:
    writers: tuple[tuple[str, Callable[[Path], Path]], ...] = (
        ("orders", lambda path: files.write_orders(path, part["orders"])),
        ("lines", lambda path: files.write_lines(path, part["lines"], seed)),
        ("deliveries", lambda path: files.write_deliveries(path, part["deliveries"])),
        ("payments", lambda path: files.write_payments(path, part["payments"])),
        ("logs", lambda path: files.write_logs(path, part["logs"])),
    )
    names = dict(zip(LEDGERS, ("订单主表", "订单明细", "配送", "结算", "网订日志"), strict=True))
    for key, write in writers:
        if len(part[key]):
            yield write(folder / f"{names[key]}_{span}.csv")
