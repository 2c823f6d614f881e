"""The second wall: which bureaus' rows PostgreSQL itself shows to this transaction."""

from collections.abc import Iterable

from django.db import connection

ALL = "all"  # system work: jobs and commands


def open_walls(bureaus: Iterable[int] | str) -> None:
    """Show the rows of these bureaus (primary keys), or ALL, until the transaction ends.

    Where nothing was opened, policies show nothing.
    """
    shown = bureaus if isinstance(bureaus, str) else ",".join(map(str, bureaus))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.bureaus', %s, true)", [shown])
