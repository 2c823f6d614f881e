"""What a city's night stands on."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import Bureau
from alerts.detection import Detector
from alerts.grading import Policy
from alerts.models import Night, RuleVersion


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A started night: its bureaus, rules and day."""

    city: Bureau
    bureaus: Mapping[str, Bureau]  # the city and its counties, by code
    nights: Mapping[str, Night]  # by bureau code
    version: RuleVersion
    detectors: Mapping[str, Detector]  # by key
    policy: Policy
    on: dt.date
    now: dt.datetime
