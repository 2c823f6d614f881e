"""The second wall: which bureaus' rows PostgreSQL itself shows (row-level security).

Policies compare a row's bureau with the setting `app.bureaus`: primary keys joined by commas, or
`all` for jobs and commands. Where nothing was set, they show nothing. A few rows are also shown to
the one person whom they name (`app.user`): an officer who assists another county.
"""

import contextlib
from collections.abc import Iterator

from django.db import connection

from accounts.models import Bureau, User

ALL = "all"  # system work

# The bureaus of a user's current assignments and all below them, as the setting wants them.
_BUREAUS_OF = """
SELECT coalesce(string_agg(bureau.id::text, ','), '') FROM accounts_bureau AS bureau
WHERE EXISTS (
    SELECT FROM accounts_assignment AS held
    JOIN accounts_bureau AS top ON top.id = held.bureau_id
    JOIN accounts_user AS who ON who.id = held.user_id
    WHERE held.user_id = %s AND who.is_active AND bureau.path LIKE top.path || '%%'
    AND held.since <= (now() AT TIME ZONE 'Asia/Shanghai')::date
    AND coalesce(held.until >= (now() AT TIME ZONE 'Asia/Shanghai')::date, true)
)
"""


def open_walls(shown: str) -> None:
    """Show these bureaus' rows until the current transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.bureaus', %s, true)", [shown])


def widen_walls(bureau: Bureau) -> None:
    """Show one more bureau's rows until the current transaction ends: for the parts of a row that a
    person was let to by name. What of them a page shows is the view's to say."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.bureaus', CASE shown WHEN 'all' THEN shown "
            "ELSE concat_ws(',', nullif(shown, ''), %s::text) END, true) "
            "FROM (SELECT current_setting('app.bureaus', true) AS shown) AS now",
            [bureau.pk],
        )


@contextlib.contextmanager
def walls_of(user: User | None) -> Iterator[None]:
    """Show the rows of one user's bureaus for the length of a request; nobody's to a visitor."""
    shown = "''" if user is None else f"({_BUREAUS_OF})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT set_config('app.bureaus', {shown}, false), set_config('app.user', %s, false)",
            [""] if user is None else [user.pk, str(user.pk)],
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute('RESET app.bureaus; RESET app."user"')  # to what it began with


@contextlib.contextmanager
def beyond_walls() -> Iterator[None]:
    """Ask one question of all bureaus' rows, inside a transaction. For what people are told as yes or
    no only, such as whether an officer is somewhere else at the time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.bureaus', true)")
        shown = cursor.fetchone()[0] or ""
    open_walls(ALL)
    try:
        yield
    finally:
        open_walls(shown)
