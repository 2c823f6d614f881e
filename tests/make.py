"""Makes what tests need, through the actions that users go through where there are such."""

import datetime as dt
from typing import Any

import accounts.actions
import jobs.actions
from accounts.models import Bureau, User
from accounts.permissions import Role
from jobs.models import Job

PASSWORD = "Long-enough-2026"
LEVELS = {2: Bureau.Level.PROVINCE, 4: Bureau.Level.CITY, 6: Bureau.Level.COUNTY}


def bureau(code: str = "451423", name: str = "") -> Bureau:
    """The bureau of a code with all above it: 45 > 4514 > 451423. Asked for again, the same one."""
    known = Bureau.objects.filter(code=code).first()
    if known is not None:
        return known
    parent = bureau(code[:-2]) if len(code) > 2 else None
    return accounts.actions.create_bureau(
        code=code, name=name or f"{code}局", parent=parent, level=LEVELS[len(code)], by="test"
    )


def user(
    role: str | None = Role.COUNTY_SUPERVISOR, *, at: Bureau | None = None, **given: Any
) -> User:
    """Somebody with a role at a bureau (the county 451423), a known password and no duty to change it."""
    number = User.objects.count() + 1
    made = accounts.actions.create_user(
        username=given.pop("username", f"user-{number}"),
        name=given.pop("name", f"张{number}"),
        password=PASSWORD,
        by="test",
    )
    changed_at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    User.objects.filter(pk=made.pk).update(**{"password_changed_at": changed_at, **given})
    if role is not None:
        accounts.actions.assign_role(
            user=made, bureau=at or bureau(), role=Role(role), since=dt.date(2026, 1, 1), by=None
        )
    made.refresh_from_db()
    return made


def job(kind: str = "test.nothing", **args: Any) -> Job:
    return jobs.actions.enqueue(kind, **args)
