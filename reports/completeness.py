"""What a report must have before it goes on, and what its readers should know besides."""

import re
from dataclasses import dataclass

from reports import months
from reports.annexes import faults_of
from reports.content import figures_in, texts_in
from reports.figures import ROWS, TOTAL, Figures
from reports.models.report import Content
from reports.sections import PLAN, TEXTS
from reports.summaries import title_of

TYPED = {  # figures that people like to type, and how they write them
    "new": re.compile(r"新增(?:预警)?\s*(\d+)\s*条"),
    "closed": re.compile(r"(?<!按时)(?<!未)(?<!应)(?<!已)已?办结(?:预警)?\s*(\d+)\s*条"),
    "in_time": re.compile(r"按时办结(?:预警)?\s*(\d+)\s*条"),
    "called": re.compile(r"(?:询访|电话询访)\s*(\d+)\s*(?:户次|户|次)"),
    "visited": re.compile(r"(?:核查|实地核查)\s*(\d+)\s*(?:户次|户|次)"),
    "proven": re.compile(r"查实(?:违规)?\s*(\d+)\s*(?:起|条|户)"),
    "overdue": re.compile(r"超期(?:预警)?\s*(\d+)\s*条"),
}


@dataclass(frozen=True)
class Check:
    """One line of the list. What is not required only informs; `part` is where it is mended."""

    text: str
    is_done: bool
    part: str = ""
    is_required: bool = True


@dataclass(frozen=True)
class Typed:
    """A number in the text that no row of the annex has."""

    part: str
    words: str
    measure: str
    value: int

    @property
    def text(self) -> str:
        return f"“{self.words}”与系统不符：{title_of(self.measure)}为 {self.value}"


def checks_of(content: Content) -> list[Check]:
    """Every section's least, the plan, figures that add up and are those of the text."""
    texts, figures = texts_in(content), figures_in(content)
    checks = [
        Check(
            f"{section.title.split('、', 1)[1]}不少于 {section.least} 字",
            len(re.sub(r"\s", "", texts.get(section.key, ""))) >= section.least,
            section.key,
        )
        for section in TEXTS
    ]
    checks.append(_plan(content))
    faults = faults_of(figures)
    checks.append(Check(f"统计表不平：{faults[0]}" if faults else "统计表各栏相符", not faults))
    return [*checks, _typed(content), *_notes(figures)]


def missing_of(checks: list[Check]) -> list[Check]:
    """What still stands in the way."""
    return [one for one in checks if one.is_required and not one.is_done]


def typed_differences(content: Content) -> list[Typed]:
    """Numbers in the text that are neither this month's, of any grade, nor last month's."""
    figures, last = figures_in(content), content["last"]
    found = []
    for part, text in texts_in(content).items():
        for measure, pattern in TYPED.items():
            known = {figures[f"{row}.{measure}"].value for row in (*ROWS, TOTAL)}
            known |= {last[f"{row}.{measure}"]["value"] for row in (*ROWS, TOTAL) if last}
            for match in pattern.finditer(text):
                if int(match[1]) not in known:
                    value = int(figures[f"{TOTAL}.{measure}"].value or 0)
                    found.append(Typed(part, match[0], measure, value))
    return found


def _plan(content: Content) -> Check:
    """At least one row; each with matter, who and until, not before the month it plans."""
    rows = content["plan"]
    month = months.read(content["month"])
    begins = months.next_month(month).isoformat() if month else ""
    if not rows:
        return Check("下月工作安排已填写", is_done=False, part=PLAN.key)
    whole = all(all(row.values()) for row in rows)
    if not whole:
        return Check("下月工作安排每项都有事项、责任人和时限", is_done=False, part=PLAN.key)
    in_time = all(row["until"] >= begins for row in rows)
    return Check("下月工作安排的时限在下月 1 日以后", in_time, PLAN.key)


def _typed(content: Content) -> Check:
    found = typed_differences(content)
    if not found:
        return Check("正文数字与系统一致", is_done=True)
    explained = bool(content["note"].strip())
    words = f"{found[0].text}。" + (
        "已在口径说明中写明" if explained else "请改正，或在口径说明中写明理由"
    )
    return Check(words, explained, found[0].part)


def _notes(figures: Figures) -> list[Check]:
    """What does not stop a report, but should be known before it is signed."""
    grave = sum(int(figures[f"{row}.overdue"].value or 0) for row in ("red", "orange"))
    waiting = len(figures[f"{TOTAL}.visits_due"].codes) - len(figures[f"{TOTAL}.visited"].codes)
    notes = []
    if grave:
        notes.append(f"红橙预警超期 {grave} 条（不影响提交）")
    if waiting:
        notes.append(f"{waiting} 户应查未查（不影响提交）")
    if figures[f"{TOTAL}.unrecorded"].value:
        notes.append(f"{figures[f'{TOTAL}.unrecorded'].value} 次询访没有录音（不影响提交）")
    return [Check(note, is_done=False, is_required=False) for note in notes]
