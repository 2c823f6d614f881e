"""Codes of records: what it is, whose, which month, and a running number without gaps or doubles."""

import datetime as dt

from django.db import connection, models

from accounts.models import Bureau


def next_code(model: type[models.Model], prefix: str, *, bureau: Bureau, on: dt.date) -> str:
    """The next free code such as DHXF-450099-202611-0001; holds the series until the commit."""
    series = f"{prefix}-{bureau.code}-{on:%Y%m}-"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [series])
    codes = model._default_manager.filter(code__startswith=series).order_by("-code")
    last = codes.values_list("code", flat=True).first()
    return f"{series}{int(last.removeprefix(series)) + 1 if last else 1:04}"
