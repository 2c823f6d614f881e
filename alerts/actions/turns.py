"""One at a time: what two people (or one person's two clicks) must not do at the same moment."""

from django.db import connection


def take_turn(series: str) -> None:
    """Wait until nobody else works on the series; it is this transaction's until it ends.

    Not a lock on the bureau's row: a night holds that for as long as it lists its alerts.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [series])
