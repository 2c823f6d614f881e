"""What `manage.py verify` asks of submitted reports: that each is as the audit trail told of it."""

import json

from audit.models import Event
from audit.verification import Fault, Result, checker
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
