"""What the monopoly system says of a shop beside what the sales system says."""

import datetime as dt
from typing import Any

from django.db.models import Case, Q, When

from sources.crypto import masked, unseal
from sources.models import Licence, RetailerVersion
from sources.wording import status_title


def compare(shop: RetailerVersion, *, on: dt.date) -> dict[str, Any]:
    """Both sides field by field as of a day, personal text masked, with their snapshot dates."""
    licence = _licence(shop, on)
    pairs = _pairs(shop, licence)
    rows = [
        {
            "label": label,
            "monopoly": _shown(monopoly, personal=personal),
            "sales": _shown(sales, personal=personal),
            "differs": bool(monopoly and sales) and monopoly != sales,
        }
        for label, monopoly, sales, personal in pairs
    ]
    return {
        "monopoly_on": licence.known_from if licence else None,
        "sales_on": shop.valid_from,
        "rows": rows,
        "differing": sum(row["differs"] for row in rows),
    }


def _licence(shop: RetailerVersion, on: dt.date) -> Licence | None:
    """The licence known by the day, else the newest: of the shop's number, or that names the shop."""
    named = Q(retailer_code=shop.retailer.code)
    if shop.licence_no:
        named |= Q(licence_no=shop.licence_no)
    in_time = Case(When(known_from__lte=on, then=0), default=1)
    return Licence.objects.filter(named).order_by(in_time, "-known_from", "-valid_from").first()


def _pairs(shop: RetailerVersion, licence: Licence | None) -> list[tuple[str, str, str, bool]]:
    """Label, what the one says, what the other says, and whether it is personal."""
    if licence is None:
        return [
            ("许可证号", "", shop.licence_no, False),
            ("持证人 / 负责人", "", unseal(shop.licensee), True),
            ("经营地址", "", unseal(shop.address), True),
        ]
    return [
        ("许可证号", licence.licence_no, shop.licence_no, False),
        ("持证人 / 负责人", unseal(licence.holder), unseal(shop.licensee), True),
        ("经营地址", unseal(licence.address), unseal(shop.address), True),
        ("许可证状态", licence.status, "", False),
        ("客户状态", "", status_title(shop.status), False),
        ("有效期止", licence.valid_to.isoformat(), "", False),
    ]


def _shown(text: str, *, personal: bool) -> str:
    return masked(text) if personal and text else text
