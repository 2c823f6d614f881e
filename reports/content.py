"""What a report says: text, figures with their records, annexes. A submission keeps exactly this."""

import dataclasses
import datetime as dt
import json
from typing import Any

from accounts.models import User
from reports import months
from reports.annexes import annexes
from reports.figures import Figures, figures_of, plain, unplain
from reports.models import MonthlyReport, Submission
from reports.models.report import Content
from reports.sections import TEXTS, lead_of
from reports.summaries import Book


def live_content(report: MonthlyReport, *, now: dt.datetime) -> Content:
    """The report as its text and the records stand now."""
    book = Book.of(report.bureau, report.month, now=now)
    figures, last = figures_of(book), last_figures(report, now=now)
    return {
        "code": report.code,
        "title": report.title,
        "bureau": {"code": report.bureau.code, "name": report.bureau.name},
        "month": months.written(report.month),
        "as_of": book.until.isoformat(),
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "lead": [dataclasses.asdict(one) for one in lead_of(section, figures, last)],
                "text": report.text_of(section.key),
            }
            for section in TEXTS
        ],
        "plan": report.plan,
        "note": report.text_of("note"),
        "self_scores": report.self_scores,
        "annexes": [dataclasses.asdict(one) for one in annexes(figures, last)],
        "figures": plain(figures),
        "last": plain(last),
        "people": {"sent_by": _who(report.sent_by), "approved_by": _who(report.approved_by)},
    }


def kept_content(submission: Submission) -> Content:
    """The report as it was submitted."""
    content: Content = json.loads(submission.text)
    return content


def last_figures(report: MonthlyReport, *, now: dt.datetime) -> Figures:
    """The month before, as it was submitted or as its records say; nothing where nothing happened."""
    before = months.last_month(report.month)
    newest = Submission.objects.filter(report__bureau=report.bureau, report__month=before).newest()
    submitted = newest.first()
    if submitted is not None:
        return unplain(kept_content(submitted)["figures"])
    figures = figures_of(Book.of(report.bureau, before, now=now))
    return figures if any(one.value for one in figures.values()) else {}


def figures_in(content: Content) -> Figures:
    return unplain(content["figures"])


def texts_in(content: Content) -> dict[str, str]:
    """The narratives by section."""
    return {one["key"]: one["text"] for one in content["sections"]}


def _who(user: User | None) -> dict[str, Any] | None:
    return None if user is None else {"code": user.code, "name": user.name}
