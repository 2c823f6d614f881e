"""The rules in force: which detectors run with which parameters, and the policy of the list."""

import dataclasses
import datetime as dt
from typing import Any

from accounts.models import Bureau
from alerts.detection import Detector
from alerts.detectors import all_detectors
from alerts.grading import Policy
from alerts.models import RuleVersion


def version_in_force(*, city: Bureau, on: dt.date, now: dt.datetime) -> RuleVersion:
    """The city's rule version of a day; a city without any starts with the defaults."""
    found = RuleVersion.objects.in_force(city=city, on=on).first()
    if found is not None:
        return found
    return RuleVersion.objects.get_or_create(
        bureau=city, number=0, defaults={"since": dt.date(2000, 1, 1), "made_at": now}
    )[0]


def detectors_in(version: RuleVersion) -> list[Detector]:
    """Every detector with the version's parameters. Raises TypeError on an unknown parameter."""
    return [kind(**version.parameters.get(kind.key, {})) for kind in all_detectors()]


def policy_in(version: RuleVersion) -> Policy:
    """The list's policy with the version's deviations."""
    return Policy.of(version.policy)


def weight_of(detector: type[Detector], policy: Policy) -> float:
    """The prior weight of a detector, log10."""
    return policy.weights.get(detector.key, detector.weight)


def parameters_of(detector: Detector) -> dict[str, Any]:
    """What the detector ran with, to be kept with the alert."""
    return dataclasses.asdict(detector)
