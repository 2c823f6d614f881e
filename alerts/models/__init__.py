"""Alerts, the ledger of hits, the nights that made them, and all that people decide about rules."""

from alerts.models.alerts import (
    GRAVITY,
    HELD_STATES,
    LISTED_AT,
    OPEN_STATES,
    Alert,
    AlertQuerySet,
    Origin,
    Outcome,
    State,
)
from alerts.models.context import Exemption, ExemptionQuerySet, MarketEvent
from alerts.models.corrections import Correction, Recheck
from alerts.models.feedback import Draw, DrawnShop, Lesson
from alerts.models.grades import Grade
from alerts.models.hits import Hit, HitQuerySet
from alerts.models.memory import Memory
from alerts.models.nights import Flood, Night, Step, Surprise
from alerts.models.reasons import GradeChange, Group, Reason, Sighting
from alerts.models.rules import BackTest, RuleChange, RuleVersion, ShadowListing
from alerts.models.supervision import Measure, SupervisionRule, Task, Watch, WatchQuerySet

__all__ = [
    "GRAVITY",
    "HELD_STATES",
    "LISTED_AT",
    "OPEN_STATES",
    "Alert",
    "AlertQuerySet",
    "BackTest",
    "Correction",
    "Draw",
    "DrawnShop",
    "Exemption",
    "ExemptionQuerySet",
    "Flood",
    "Grade",
    "GradeChange",
    "Group",
    "Hit",
    "HitQuerySet",
    "Lesson",
    "MarketEvent",
    "Measure",
    "Memory",
    "Night",
    "Origin",
    "Outcome",
    "Reason",
    "Recheck",
    "RuleChange",
    "RuleVersion",
    "ShadowListing",
    "Sighting",
    "State",
    "Step",
    "SupervisionRule",
    "Surprise",
    "Task",
    "Watch",
    "WatchQuerySet",
]
