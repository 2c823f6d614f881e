"""What `manage.py verify` asks of submitted reports: that each is as the audit trail told of it."""

import json

from audit.models import Event
from audit.verification import Fault, Result, Walls, check_walls, checker
from cases.actions.sealing import digest
from reports.models import Submission


@checker("reports.submissions")
def submissions(result: Result) -> None:
    """Every submission ever told of: its row, its text's digest and the event agree."""
    rows = {one.code: one for one in Submission.objects.select_related("report").order_by("pk")}
    told = Event.objects.filter(kind="report.submitted").order_by("number")
    for event in told.iterator(chunk_size=5000):
        result.looked_at += 1
        where = f"月度报告 {event.subject}（审计事件 {event.number}）"
        submission = rows.pop(event.subject, None)
        if submission is None:
            result.faults.append(Fault(where, "报送的内容已不存在"))
        elif submission.sha256 != json.loads(event.details)["sha256"]:
            result.faults.append(Fault(where, "登记的摘要被改动"))
        elif digest(submission.text) != submission.sha256:
            result.faults.append(Fault(where, "内容与报送时的摘要不符"))
    result.faults += [Fault(f"月度报告 {code}", "没有报送的审计记录") for code in rows]


FINAL = ("reports_submission", "reports_remark")
STAYING = (*FINAL, "reports_assessment", "reports_assessmentitem")
WALLS = Walls(
    triggers={
        **{f"{table}_stays": table for table in STAYING},
        **{f"{table}_whole": table for table in STAYING},
        "reports_submission_told": "reports_submission",
        "reports_monthlyreport_frozen": "reports_monthlyreport",
    },
    functions={
        "reports_refuse": "61fdef7e1c981399888d4ef8e27e5714a431f7b32321818dda4bc2c152f03444",
        "reports_is_told": "d0c22c676a58b02fe4afdf4699e49f1653a13e106c85655bcd36f1edec1b9f2c",
        "reports_is_frozen": "8f89235c1635eba4faaa3f4a5531d0b50519f71b995ae0cbb5a5dc903b235f03",
        "reports_stays": "247dee6eacde80379355476b989ea84cd643e6c4fb9702882cc2180cf210e613",
        "reports_part_of_assessment": "d27a4486868d6b1cbd1fb003b2abe8eaa55aec6f1012dc4a155b1ef30b717ba8",
    },
    append_only=FINAL,
)


@checker("reports.walls")
def walls(result: Result) -> None:
    """The walls around what was submitted, marked and published."""
    check_walls(WALLS, result)
