"""Importing a folder in an order that holds back little, for a bureau that may have to be found."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import Bureau, User
from documents.actions import store_file
from sources.actions import counties
from sources.actions.importing import import_now
from sources.importing.contract import Checked, Unreadable
from sources.importing.header import kind_by_name
from sources.importing.reading import read
from sources.lake.tables import TABLES
from sources.models import Batch, TableVersion

ORDER = ["bureaus", "retailers", "licences", "staff", "skus", *TABLES]  # parents before children


def is_bureaus(path: Path) -> bool:
    return _kind(path) == "bureaus"


def files_in(place: Path) -> list[Path]:
    """The files of a folder that may be exports, parents before children; or the one file."""
    if place.is_file():
        return [place]
    found = [
        path
        for path in place.iterdir()
        if path.is_file() and not path.name.startswith((".", "~")) and path.suffix != ".json"
    ]
    return sorted(found, key=lambda path: (_rank(path), path.name))


def _rank(path: Path) -> int:
    kind = kind_by_name(path.name)
    return ORDER.index(kind.name) if kind else len(ORDER)


@transaction.atomic
def top_bureau(*, path: Path) -> Bureau:
    """The uppermost bureau that a file of bureaus names, made where it is new: its import's home."""
    checked = read(path, hash_key=settings.HASH_KEY)
    row = min(checked.rows.to_pylist(), key=lambda row: len(row["bureau_code"]), default=None)
    if row is None:
        raise Unreadable("文件里没有一行有效的机构，没有导入任何内容。")
    known = Bureau.objects.filter(code=row["bureau_code"]).first()
    return known or counties.make(row["bureau_code"], row["name"], None)


@transaction.atomic
def find_home(*, paths: Iterable[Path]) -> Bureau:
    """The bureau to import for where nobody named one: what the files themselves say.

    That is the lowest bureau above the retailers' counties, or above the known retailers that rows
    name, or the file's own bureaus; else the only city with data; else a new city.
    """
    for path in sorted(paths, key=lambda path: (_kind(path) == "bureaus", _rank(path))):
        checked = _telling(path)
        bureau = _home_of(checked) if checked is not None else None
        if bureau is not None:
            return bureau.city
    cities = {
        version.bureau.city.pk: version.bureau.city
        for version in TableVersion.objects.select_related("bureau__parent")
    }
    return next(iter(cities.values())) if len(cities) == 1 else counties.make_city()


def _kind(path: Path) -> str:
    kind = kind_by_name(path.name)
    return kind.name if kind else ""


def _telling(path: Path) -> Checked | None:
    """The rows of a file that may say where it belongs."""
    if _kind(path) not in {"", "bureaus", "retailers", "orders", "changes", "visits"}:
        return None
    try:
        return read(path, hash_key=settings.HASH_KEY)
    except Unreadable:
        return None


def _home_of(file: Checked) -> Bureau | None:
    columns = file.rows.column_names
    if file.kind.name == "bureaus":
        codes = file.rows["bureau_code"].to_pylist()
        known = Bureau.objects.filter(code__in=codes)
        return counties.common(known.filter(level=Bureau.Level.CITY)) or counties.common(known)
    if file.kind.name == "retailers":
        names = {text.strip() for text in file.rows["county"].unique().to_pylist()}
        found = [Bureau.objects.filter(code=name).first() or _named(name) for name in names]
        return counties.common([b for b in found if b]) if found and all(found) else None
    if "retailer_id" in columns:
        return counties.of_retailers(file.rows["retailer_id"].unique().to_pylist()[:5000])
    return None


def _named(name: str) -> Bureau | None:
    return Bureau.objects.filter(name=name).order_by("-pk").first()


@transaction.atomic
def import_path(*, path: Path, bureau: Bureau, by: User | None, at: dt.datetime) -> Batch:
    """Store one file and import it at once."""
    with path.open("rb") as stream:
        file = store_file(
            stream=stream, name=path.name, bureau=bureau, purpose="import", by=by, at=at
        )
    return import_now(file=file, bureau=bureau, by=by, at=at)
