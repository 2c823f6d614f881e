"""Whose signatures a conclusion needs, in which order. One table, by grade and by outcome."""

from collections.abc import Iterable

from alerts.models import Grade, Outcome
from alerts.states import is_citys
from cases.models import Conclusion, Review

Step = Review.Step
BY_GRADE = {
    Grade.BLUE: (Step.REVIEW,),
    Grade.YELLOW: (Step.REVIEW,),
    Grade.ORANGE: (Step.REVIEW, Step.APPROVE),
    Grade.RED: (Step.REVIEW, Step.APPROVE, Step.CONFIRM),
}
GRAVE = {Outcome.PROVEN, Outcome.MONOPOLY, Outcome.DISCIPLINE, Outcome.POLICE}
RIGHTS = {Step.REVIEW: "review_close", Step.APPROVE: "approve_close", Step.CONFIRM: "confirm_close"}
RIGHTS_ABOVE = {Step.REVIEW: "review_above", Step.APPROVE: "approve_above"}


def chain(conclusion: Conclusion) -> tuple[Step, ...]:
    """The signatures it needs. What is proven or handed over is approved whatever its grade; what the
    city handles ends at the city."""
    steps = BY_GRADE[Grade(conclusion.alert.grade)]
    if conclusion.outcome in GRAVE and Step.APPROVE not in steps:
        steps = (*steps, Step.APPROVE)
    return tuple(step for step in steps if step in rights(conclusion))


def rights(conclusion: Conclusion) -> dict[Step, str]:
    """Which right each signature needs."""
    return RIGHTS_ABOVE if is_citys(conclusion.alert) else RIGHTS


def next_step(conclusion: Conclusion, reviews: Iterable[Review]) -> Step | None:
    """The first signature that this submission lacks."""
    given = {one.step for one in reviews if one.round == conclusion.round and one.is_pass}
    return next((step for step in chain(conclusion) if step not in given), None)
