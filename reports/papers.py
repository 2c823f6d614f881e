"""A report on paper: the text, the plan, who signed, and the two annexes on sideways pages."""

import datetime as dt
from typing import Any

from audit.models import Event
from documents.rendering import (
    Align,
    Block,
    Heading,
    Paper,
    Signatures,
    Statement,
    Table,
    Text,
    render,
)
from reports import months
from reports.models import Submission
from reports.models.report import Content
from reports.sections import PLAN

PLAN_COLUMNS: list[tuple[str, Align]] = [
    ("序号", "center"), ("事项", "left"), ("责任人", "center"), ("时限", "center")
]  # fmt: skip


def paper_of(content: Content, submission: Submission | None, *, now: dt.datetime) -> bytes:
    """PDF/A of a report: with digest and receipt if it was submitted, else marked as a draft."""
    event = (
        Event.objects.about(submission.code).filter(kind="report.submitted").last()
        if submission
        else None
    )
    return render(
        Paper(
            title=content["title"],
            bureau=content["bureau"]["name"],
            blocks=_blocks(content, submission),
            at=submission.submitted_at if submission else now,
            code=content["code"],
            subtitle=f"数据截至 {_moment(content['as_of'])}",
            digest=submission.sha256 if submission else "",
            receipt=f"{event.number}-{event.hash[:16]}" if event else "",
            draft=submission is None,
        )
    )


def _blocks(content: Content, submission: Submission | None) -> list[Block]:
    blocks: list[Block] = []
    for section in content["sections"]:
        lead = "".join(piece["text"] for piece in section["lead"])
        text = "\n".join(filter(None, [lead, section["text"]]))
        blocks += [Heading(section["title"]), Text(text or "（未填写）")]
    blocks.append(Heading(PLAN.title))
    rows = [(str(n), row["matter"], row["who"], row["until"]) for n, row in _numbered(content)]
    if rows:
        blocks.append(Table(PLAN_COLUMNS, rows))
    else:
        blocks.append(Text("（未填写）"))
    if content["note"]:
        blocks += [Heading("口径说明"), Text(content["note"])]
    if submission is not None and submission.is_late:
        blocks.append(Statement(f"本报告逾期 {submission.late_days} 天报送。"))
    blocks.append(Signatures(_signers(content, submission)))
    return blocks + [block for annex in content["annexes"] for block in _annex(annex)]


def _numbered(content: Content) -> list[tuple[int, dict[str, str]]]:
    return list(enumerate(content["plan"], 1))


def _signers(
    content: Content, submission: Submission | None
) -> list[tuple[str, bytes | None, str, str]]:
    people, day = content["people"], ""
    if submission is not None:
        day = f"{months.local(submission.submitted_at):%Y-%m-%d}"
    titles = {"sent_by": "拟稿", "approved_by": "审核", "signed_by": "签发"}
    return [
        (title, None, day if who == "signed_by" else "", (people.get(who) or {}).get("name", ""))
        for who, title in titles.items()
    ]


def _annex(annex: dict[str, Any]) -> list[Block]:
    columns: list[tuple[str, Align]] = [("项目", "left")]
    columns += [(title, "right") for title in annex["columns"]]
    rows = [[line["title"], *(cell["text"] for cell in line["cells"])] for line in annex["lines"]]
    wide = len(columns) > 10
    table = Table(columns, rows, note=annex["note"], wide=wide)
    return [Heading(annex["title"]), table]


def _moment(text: str) -> str:
    local = months.local(dt.datetime.fromisoformat(text))
    if (local.hour, local.minute) == (0, 0):
        return f"{local - dt.timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"
