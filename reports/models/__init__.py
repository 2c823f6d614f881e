"""What a county reports of a month, and how the city scores it."""

from reports.models.assessment import Assessment, AssessmentItem
from reports.models.report import MonthlyReport, Remark, Submission

__all__ = ["Assessment", "AssessmentItem", "MonthlyReport", "Remark", "Submission"]
