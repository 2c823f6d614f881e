"""What can happen to bureaus, people, their assignments, the calendar and notices."""

import datetime as dt

from axes.utils import reset
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import Assignment, Bureau, DeadlineRule, Holiday, Notice, User
from accounts.permissions import CONFLICTS, Role


@transaction.atomic
def create_bureau(*, code: str, name: str, parent: Bureau | None, level: str, by: str) -> Bureau:
    """Add a bureau below another; its path follows from the parent's."""
    path = f"{parent.path if parent else '/'}{code}/"
    bureau = Bureau.objects.create(code=code, name=name, parent=parent, level=level, path=path)
    audit.actions.record("bureau.created", subject=code, bureau=code, by=by, name=name)
    return bureau


@transaction.atomic
def rename_bureau(*, bureau: Bureau, name: str, by: str) -> None:
    before, bureau.name = bureau.name, name
    bureau.save(update_fields=["name"])
    audit.actions.record(
        "bureau.renamed", subject=bureau.code, bureau=bureau.code, by=by, before=before, name=name
    )


@transaction.atomic
def create_user(*, username: str, name: str, password: str, is_demo: bool = False, by: str) -> User:
    """A person who may log in; without an assignment there is nothing to see."""
    user = User(username=username, name=name, is_demo=is_demo)
    if not is_demo:
        validate_password(password, user)
    user.set_password(password)
    user.save()
    audit.actions.record("user.created", subject=username, bureau="", by=by, name=name)
    return user


@transaction.atomic
def assign_role(
    *, user: User, bureau: Bureau, role: Role, since: dt.date, by: User | None
) -> Assignment:
    """Give a role at a bureau from a day on. Nobody gives himself one; the three posts of
    administration, audit and business never meet in one person."""
    if by is not None and by.pk == user.pk:
        raise ValidationError("不能给自己授予岗位，请由另一位系统管理员办理。")
    held = {Role(row.role) for row in user.assignments.current()}
    for one, other in CONFLICTS:
        if (role in one and held & other) or (role in other and held & one):
            raise ValidationError("系统管理、审计与业务岗位不能由同一人兼任。")
    if user.assignments.current().filter(bureau=bureau, role=role).exists():
        raise ValidationError("该人员已有这一岗位。")
    assignment = Assignment.objects.create(user=user, bureau=bureau, role=role, since=since)
    _end_sessions(user)
    audit.actions.record(
        "user.assigned", subject=user.code, bureau=bureau.code, by=by.code if by else "system",
        role=str(role), since=since.isoformat(),
    )  # fmt: skip
    return assignment


@transaction.atomic
def set_certificate(*, user: User, number: str, until: dt.date, by: str) -> None:
    """Register the enforcement certificate (执法证) of a user and the last day on which it holds."""
    user.certificate_no, user.certificate_until = number, until
    user.save(update_fields=["certificate_no", "certificate_until"])
    audit.actions.record(
        "user.certified", subject=user.code, bureau="", by=by, number=number,
        on=until.isoformat(),
    )  # fmt: skip


@transaction.atomic
def end_assignment(*, assignment: Assignment, today: dt.date, by: User) -> None:
    """Take a role back from today on; open sessions end at once."""
    yesterday = today - dt.timedelta(days=1)
    if assignment.since > yesterday:
        bureau, user, role = assignment.bureau, assignment.user, assignment.role
        assignment.delete()
    else:
        assignment.until = yesterday
        assignment.save(update_fields=["until"])
        bureau, user, role = assignment.bureau, assignment.user, assignment.role
    _end_sessions(user)
    audit.actions.record(
        "user.unassigned", subject=user.code, bureau=bureau.code, by=by.code, role=role
    )


@transaction.atomic
def set_active(*, user: User, is_active: bool, by: User) -> None:
    """Close or reopen an account; closing ends its sessions at once."""
    if user.pk == by.pk:
        raise ValidationError("不能停用自己的账号。")
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    _end_sessions(user)
    kind = "user.opened" if is_active else "user.closed"
    audit.actions.record(kind, subject=user.code, bureau="", by=by.code)


@transaction.atomic
def unlock_user(*, user: User, by: User) -> None:
    """Let somebody try again who was locked out after wrong passwords."""
    reset(username=user.username)
    audit.actions.record("user.unlocked", subject=user.code, bureau="", by=by.code)


@transaction.atomic
def change_password(*, user: User, password: str, at: dt.datetime, by: User) -> None:
    """Set a new password after the validators' rules; other sessions of the user end."""
    validate_password(password, user)
    user.set_password(password)
    user.password_changed_at = at if user.pk == by.pk else None
    user.save(update_fields=["password", "password_changed_at"])
    _end_sessions(user)
    audit.actions.record("user.password_changed", subject=user.code, bureau="", by=by.code)


@transaction.atomic
def note_login(*, user: User, address: str) -> None:
    audit.actions.record(
        "user.logged_in", subject=user.code, bureau="", by=user.code, address=address
    )


def _end_sessions(user: User) -> None:
    """Right changes act at once: whoever is logged in logs in anew."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


@transaction.atomic
def set_holiday(
    *, on: dt.date, is_working: bool, name: str, bureau: Bureau | None, by: User
) -> None:
    """Make a day a day off or a working day, for everybody or for one bureau's subtree."""
    Holiday.objects.update_or_create(
        on=on, bureau=bureau, defaults={"is_working": is_working, "name": name}
    )
    audit.actions.record(
        "calendar.changed", subject=on.isoformat(), bureau=bureau.code if bureau else "",
        by=by.code, is_working=is_working, name=name,
    )  # fmt: skip


@transaction.atomic
def clear_holiday(*, on: dt.date, bureau: Bureau | None, by: User) -> None:
    """Let a day be again what its weekday says."""
    Holiday.objects.filter(on=on, bureau=bureau).delete()
    audit.actions.record(
        "calendar.cleared", subject=on.isoformat(), bureau=bureau.code if bureau else "", by=by.code
    )


@transaction.atomic
def set_deadline(
    *, what: str, grade: str, unit: str, amount: int, bureau: Bureau | None, by: User
) -> None:
    """Change a clock for a bureau's subtree; what already runs keeps the deadline it has."""
    DeadlineRule.objects.update_or_create(
        what=what, grade=grade, bureau=bureau, defaults={"unit": unit, "amount": amount}
    )
    audit.actions.record(
        "deadline.changed", subject=f"{what}{grade}", bureau=bureau.code if bureau else "",
        by=by.code, unit=unit, amount=amount,
    )  # fmt: skip


def notify(*, users: list[User], key: str, text: str, url: str = "") -> None:
    """Tell these users once, however often the same key comes; part of the caller's action."""
    Notice.objects.bulk_create(
        [Notice(user=user, key=key, text=text, url=url) for user in users], ignore_conflicts=True
    )


@transaction.atomic
def read_notices(*, user: User, at: dt.datetime) -> None:
    """Mark all of a user's notices as read."""
    Notice.objects.unread(user).update(read_at=at)
