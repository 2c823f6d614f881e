"""Shadow runs: after a night is graded, open changes in trial decide the same findings once more."""

import datetime as dt

import pandas as pd
import structlog
from django.db import transaction

from alerts.actions import replaying
from alerts.actions.ground import Ground
from alerts.backtesting import LISTINGS
from alerts.detection import Detector
from alerts.models import Night, RuleChange, ShadowListing, Surprise
from alerts.models.rules import OPEN_CHANGES

log = structlog.get_logger()


def run_shadows(ground: Ground) -> None:
    """Decide the night under every change in trial of the city; run again, it replaces its rows.

    The shadow's cool-down knows the real lists before its first night, and its own since.
    """
    trials = RuleChange.objects.filter(
        bureau=ground.city, in_shadow=True, shadow_since__lte=ground.on, state__in=OPEN_CHANGES
    ).order_by("pk")
    for change in trials:
        try:
            _run(change, ground)
        except Exception:  # a trial's fault must not take the night along
            log.exception("shadow run", change=change.pk, night=ground.on.isoformat())


@transaction.atomic
def _run(change: RuleChange, ground: Ground) -> None:
    stored = replaying.stored_night(
        city=ground.city, nights=ground.nights.values(), listings=_listings(change, ground.on)
    )
    listed, _ = replaying.replay_as(stored, replaying.book_of(change))
    change.listings.filter(on=ground.on).delete()
    surprises = Surprise.objects.in_bulk(listed["pk"].tolist())
    detectors = replaying.detectors_of(replaying.book_of(change))
    ShadowListing.objects.bulk_create(
        ShadowListing(
            change=change,
            on=ground.on,
            bureau=ground.bureaus[row["bureau"]],
            subject_kind=row["subject_kind"],
            subject_id=row["subject_id"],
            audience=row["audience"],
            score=round(row["score"], 4),
            grade=row["grade"],
            families=row["families"],
            detector=row["detector"],
            sentence=_said(surprises[row["pk"]], detectors[row["detector"]], ground)[:300],
        )
        for row in listed.to_dict("records")
    )


def _said(one: Surprise, detector: Detector, ground: Ground) -> str:
    """The night's sentence, said again where the trial has other parameters."""
    as_in_force = detector == ground.detectors[one.detector]
    return one.sentence if as_in_force else replaying.sentence_of(one, detector)


def _listings(change: RuleChange, on: dt.date) -> pd.DataFrame:
    first = change.shadow_since or on
    real = replaying.real_listings(
        city=change.bureau, since=first - replaying.LONGEST_COOLDOWN, before=first
    )
    own = pd.DataFrame(
        list(
            change.listings.filter(on__lt=on).values_list(
                "bureau__code", "subject_kind", "subject_id", "audience", "on", "score", "families"
            )
        ),
        columns=LISTINGS,
    )
    return pd.concat([real, own]) if len(real) and len(own) else (own if len(own) else real)


def nights_in_shadow(change: RuleChange) -> list[dt.date]:
    """The order days that the change has run beside the rules in force, oldest first."""
    ran = Night.objects.filter(
        bureau=change.bureau, on__gte=change.shadow_since, state=Night.State.DONE
    )
    return sorted(set(ran.values_list("on", flat=True)))
