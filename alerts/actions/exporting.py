"""Taking lists away: who exported what, and how much of it, is on record."""

from django.db import transaction

import audit.actions
from accounts.models import User
from alerts.models import BackTest


@transaction.atomic
def note_alerts_exported(*, conditions: str, count: int, by: User) -> None:
    """Put on record that the alert list was taken away, as filtered."""
    audit.actions.record(
        "alerts.exported", subject="alerts", bureau=_seat(by), by=by.code,
        conditions=conditions, count=count,
    )  # fmt: skip


@transaction.atomic
def note_hits_exported(*, conditions: str, count: int, by: User) -> None:
    """Put on record that the ledger of hits was taken away, as filtered."""
    audit.actions.record(
        "hits.exported", subject="hits", bureau=_seat(by), by=by.code,
        conditions=conditions, count=count,
    )  # fmt: skip


@transaction.atomic
def note_watches_exported(*, book: str, conditions: str, count: int, by: User) -> None:
    """Put on record that a list of classified supervision was taken away."""
    audit.actions.record(
        "watches.exported", subject=f"watches:{book}", bureau=_seat(by), by=by.code,
        conditions=conditions, count=count,
    )  # fmt: skip


@transaction.atomic
def note_test_exported(*, test: BackTest, count: int, by: User) -> None:
    """Put on record that a back-test's differences were taken away."""
    audit.actions.record(
        "rules.exported", subject=f"{test.bureau.code}:{test.pk}", bureau=test.bureau.code,
        by=by.code, count=count,
    )  # fmt: skip


def _seat(user: User) -> str:
    """Where the user sits: the trail of that bureau shows the export."""
    return user.posts[0].bureau.code if user.posts else ""
