"""What people found out about an alert: interviews, inspections, conclusions, and what was sealed."""

from cases.models.conclusion import Conclusion, Review
from cases.models.inspection import (
    Doubt,
    DoubtAnswer,
    Inspection,
    Photo,
    Signature,
    StockLine,
)
from cases.models.interview import Attempt, Interview, InterviewItem
from cases.models.sealed import Addendum, Paper, SealedRecord

__all__ = [
    "Addendum",
    "Attempt",
    "Conclusion",
    "Doubt",
    "DoubtAnswer",
    "Inspection",
    "Interview",
    "InterviewItem",
    "Paper",
    "Photo",
    "Review",
    "SealedRecord",
    "Signature",
    "StockLine",
]
