"""Masters from a checked file into PostgreSQL: a row that says something new becomes a version."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import accounts.actions
from accounts.models import Bureau
from sources.actions import counties
from sources.crypto import seal
from sources.importing.contract import Checked
from sources.models import Batch, Licence, Retailer, RetailerVersion, Sku, Staff

Row = dict[str, Any]
CHUNK = 2000

RETAILER_TEXTS = [
    "name",
    "licence_no",
    "owner_id",
    "phone_hash",
    "town",
    "market_type",
    "biz_type",
    "credit_grade",
    "order_channel",
    "status",
    "chain_id",
    "manager_id",
    "route",
    "bound_account",
]
RETAILER_VALUES = [
    "lat",
    "lon",
    "tier",
    "order_day",
    "order_cycle_weeks",
    "open_date",
    "pickup_point",
    "floor_area",
    "own_store",
]  # may be null
SHOWN = [
    "name",
    "licence_no",
    "town",
    "biz_type",
    "route",
    "tier",
    "status",
]  # Retailer's own copy, for lists


@dataclass
class MasterLoad:
    """What one file of masters did. `fresh`: keys that were not known before."""

    batch: Batch
    home: Bureau
    day: dt.date  # the first day on which its rows are known
    trust_old: bool
    phone_is_now: bool  # by the profile of the bureau or of one above it
    counts: Counter[str]
    fresh: list[str]
    bureaus: set[Bureau]


def load_masters(checked: Checked, load: MasterLoad) -> None:
    """Store the rows of a file of masters: bureaus, retailers, licences, products or staff."""
    LOADERS[checked.kind.name](checked.rows.to_pylist(), load)


def _news(
    rows: Iterable[Row], load: MasterLoad, key: Callable[[Row], Any], known: Mapping[Any, list[int]]
) -> list[Row]:
    """Rows that are new or say something else than the newest version; counts them all.

    `known` maps a key to the hashes of its versions, oldest first.
    """
    seen = {name: list(hashes) for name, hashes in known.items()}
    news = []
    for row in rows:
        hashes = seen.setdefault(key(row), [])
        old = hashes if load.trust_old else hashes[-1:]
        if row["row_hash"] in old:
            load.counts["unchanged"] += 1
            continue
        load.counts["changed" if hashes else "added"] += 1
        hashes.append(row["row_hash"])
        news.append(row)
    return news


def _versions(model: Any, keys: Iterable[str], *names: str) -> dict[Any, list[int]]:
    """Key -> hashes of its stored versions, oldest first."""
    found: dict[Any, list[int]] = {}
    rows = model.objects.filter(**{f"{names[0]}__in": list(keys)}).order_by("pk")
    for *key, row_hash in rows.values_list(*names, "row_hash"):
        found.setdefault(tuple(key), []).append(row_hash)
    return found


def _text(row: Row, names: Iterable[str]) -> Row:
    return {name: row[name] or "" for name in names}


def _lineage(row: Row, load: MasterLoad) -> Row:
    return {"batch": load.batch, "row_no": row["row_no"], "row_hash": row["row_hash"]}


def _load_bureaus(rows: list[Row], load: MasterLoad) -> None:
    """Bureaus, parents before children; a name that changed is changed."""
    by_code = {bureau.code: bureau for bureau in Bureau.objects.order_by("pk")}
    for row in sorted(rows, key=lambda row: len(row["bureau_code"])):
        code, name = row["bureau_code"], row["name"]
        known = by_code.get(code)
        if known is None:
            parent = by_code.get(row["parent"] or code[:-2])
            by_code[code] = counties.make(code, name, parent)
            load.counts["added"] += 1
        elif known.name != name:
            accounts.actions.rename_bureau(bureau=known, name=name, by="system")
            load.counts["changed"] += 1
        else:
            load.counts["unchanged"] += 1
        load.bureaus.add(by_code[code])


def _load_retailers(rows: list[Row], load: MasterLoad) -> None:
    """Retailers, and the version of each from today on."""
    codes = [row["retailer_id"] for row in rows]
    known = _versions(RetailerVersion, codes, "retailer__code")
    news = _news(rows, load, lambda row: (row["retailer_id"],), known)
    places = counties.Counties(load.home)
    for row in rows:
        load.bureaus.add(places.find(row["county"]))
    retailers = {retailer.code: retailer for retailer in Retailer.objects.filter(code__in=codes)}
    made = {}
    for row in news:
        code, bureau = row["retailer_id"], places.find(row["county"])
        shown = {**_text(row, SHOWN), "tier": row["tier"], "bureau": bureau}
        if code in retailers:
            for name, value in shown.items():
                setattr(retailers[code], name, value)
        else:
            retailers[code] = made[code] = Retailer(code=code, **shown)
    Retailer.objects.bulk_create(made.values(), batch_size=CHUNK)
    changed = [retailers[row["retailer_id"]] for row in news if row["retailer_id"] not in made]
    Retailer.objects.bulk_update(changed, [*SHOWN, "bureau"], batch_size=CHUNK)
    RetailerVersion.objects.bulk_create(
        (_retailer_version(retailers[row["retailer_id"]], row, load) for row in news),
        batch_size=CHUNK,
    )
    load.fresh += made


def _retailer_version(retailer: Retailer, row: Row, load: MasterLoad) -> RetailerVersion:
    return RetailerVersion(
        retailer=retailer,
        valid_from=load.day,
        licensee=seal(row["licensee"] or ""),
        phone=seal(row["phone"] or ""),
        phone_is_now=load.phone_is_now,
        address=seal(row["address"] or ""),
        **_text(row, RETAILER_TEXTS),
        **{name: row[name] for name in RETAILER_VALUES},
        **_lineage(row, load),
    )


def _load_licences(rows: list[Row], load: MasterLoad) -> None:
    """Licences; one belongs to the bureau of its retailer, alone it belongs to the importing one."""
    numbers = {row["licence_no"] for row in rows}
    known = _versions(Licence, numbers, "licence_no", "valid_from")
    news = _news(rows, load, lambda row: (row["licence_no"], row["valid_from"]), known)
    codes = {row["retailer_id"] for row in rows}
    owners = dict(Retailer.objects.filter(code__in=codes).values_list("code", "bureau_id"))
    Licence.objects.bulk_create(
        (
            Licence(
                bureau_id=owners.get(row["retailer_id"], load.home.pk),
                retailer_code=row["retailer_id"],
                known_from=load.day,
                holder=seal(row["holder"] or ""),
                address=seal(row["address"] or ""),
                **_text(row, ["licence_no", "status"]),
                **{name: row[name] for name in ("valid_from", "valid_to", "status_date")},
                **_lineage(row, load),
            )
            for row in news
        ),
        batch_size=CHUNK,
    )
    load.bureaus |= set(Bureau.objects.filter(pk__in=set(owners.values()))) | {load.home}


def _load_skus(rows: list[Row], load: MasterLoad) -> None:
    """Products, of the city's catalogue."""
    city = load.home.city
    known: dict[Any, list[int]] = {}
    for sku_id, row_hash in city_skus(city).order_by("pk").values_list("sku_id", "row_hash"):
        known.setdefault(sku_id, []).append(row_hash)
    news = _news(rows, load, lambda row: row["sku_id"], known)
    values = ["wholesale_price", "price_class", "retail_price", "sticks", "is_focus", "launch_date"]
    Sku.objects.bulk_create(
        (
            Sku(
                bureau=city,
                name=row["sku_name"],
                known_from=load.day,
                **_text(row, ["sku_id", "market_state", "origin"]),
                **{name: row[name] for name in values},
                **_lineage(row, load),
            )
            for row in news
        ),
        batch_size=CHUNK,
    )
    load.fresh += [row["sku_id"] for row in news if row["sku_id"] not in known]
    load.bureaus.add(city)


def city_skus(city: Bureau) -> Any:
    """The versions of a city's own products."""
    return Sku.objects.filter(bureau=city)


def _load_staff(rows: list[Row], load: MasterLoad) -> None:
    """Staff; a county that nobody knows leaves them with the importing bureau."""
    known = _versions(Staff, [row["staff_id"] for row in rows], "staff_id")
    news = _news(rows, load, lambda row: (row["staff_id"],), known)
    places = counties.Counties(load.home)
    Staff.objects.bulk_create(
        (
            Staff(
                bureau=places.known(row["county"] or "") or load.home,
                known_from=load.day,
                name=seal(row["name"] or ""),
                phone=seal(row["phone"] or ""),
                certificate_no=row["cert_no"] or "",
                certificate_until=row["cert_valid_to"],
                **_text(
                    row,
                    ["staff_id", "role", "phone_hash", "device_id", "account", "related_retailers"],
                ),
                **_lineage(row, load),
            )
            for row in news
        ),
        batch_size=CHUNK,
    )
    found = {places.known(row["county"] or "") for row in rows}
    load.bureaus |= {bureau for bureau in found if bureau} | {load.home}


LOADERS: Mapping[str, Callable[[list[Row], MasterLoad], None]] = {
    "bureaus": _load_bureaus,
    "retailers": _load_retailers,
    "licences": _load_licences,
    "skus": _load_skus,
    "staff": _load_staff,
}
