"""The one table of pages: who may open each, and what object its address names.

`tests/test_access.py` walks every URL of the program; one that is not here fails the build.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """`actions`: any of them opens it; none: everybody who is logged in. `post`: it takes no GET."""

    actions: tuple[str, ...] = ()
    target: str = ""  # the object in the address: made by test_access.TARGETS
    post: bool = False
    open: bool = False  # to visitors too


READ_ALERT = ("read_alert", "see_hidden")
READ_CASE = ("read_case", "see_hidden")
WRITE_CASE = ("write_case", "write_above")

PAGES = {
    "accounts:login": Page(open=True),
    "accounts:logout": Page(post=True),
    "accounts:password": Page(),
    "accounts:notices": Page(),
    "accounts:read_notices": Page(post=True),
    "accounts:users": Page(("manage_users",)),
    "accounts:user": Page(("manage_users",), "person"),
    "accounts:certify": Page(("manage_users",), "person", post=True),
    "accounts:assign": Page(("manage_users",), "person", post=True),
    "accounts:unassign": Page(("manage_users",), "assignment", post=True),
    "accounts:switch": Page(("manage_users",), "person", post=True),
    "accounts:unlock": Page(("manage_users",), "person", post=True),
    "accounts:calendar": Page(),
    "accounts:deadline": Page(("manage_calendar",), "deadline"),
    "accounts:trail": Page(("read_audit",)),
    "jobs:health": Page(("read_health",)),
    "jobs:live": Page(open=True),
    "jobs:ready": Page(open=True),
    "jobs:revive": Page(("manage_users",), "job", post=True),
    "sources:imports": Page(("read_import",)),
    "sources:import_batch": Page(("read_import",), "batch"),
    "sources:rejects": Page(("read_import",), "batch"),
    "sources:columns": Page(("read_import",), "batch"),
    "sources:import_again": Page(("import_data",), "batch", post=True),
    "sources:retailers": Page(("read_retailer",)),
    "sources:retailer": Page(("read_retailer",), "retailer"),
    "sources:seizures": Page(("read_seizure",)),
    "sources:register_seizure": Page(("register_seizure",)),
    "sources:decode": Page(("register_seizure",), post=True),
    "sources:seizure": Page(("read_seizure",), "seizure"),
    "sources:seizure_photo": Page(("read_seizure",), "seizure_photo"),
    "sources:withdraw_seizure": Page(("register_seizure",), "seizure", post=True),
    "sources:unmask": Page(("unmask",), "retailer", post=True),
    "sources:profile": Page(("map_columns",)),
    "alerts:board": Page(),
    "alerts:alerts": Page(READ_ALERT),
    "alerts:alert": Page(READ_ALERT, "alert"),
    "alerts:claim": Page(("claim_alert", "claim_above"), "alert", post=True),
    "alerts:release": Page(("claim_alert", "claim_above"), "alert", post=True),
    "alerts:dismiss": Page(("dismiss_alert", "dismiss_orange", "dismiss_red"), "alert"),
    "alerts:reopen": Page(("dismiss_alert", "dismiss_orange", "dismiss_red"), "alert", post=True),
    "alerts:bulk_claim": Page(("claim_alert", "claim_above"), post=True),
    "alerts:hits": Page(READ_ALERT),
    "alerts:export_alerts": Page(READ_ALERT),
    "alerts:export_hits": Page(READ_ALERT),
    "alerts:close_hits": Page(("dismiss_alert", "dismiss_orange", "dismiss_red")),
    "alerts:reopen_hits": Page(("dismiss_alert", "dismiss_orange", "dismiss_red"), post=True),
    "alerts:runs": Page(("read_run",)),
    "alerts:run": Page(("read_run",), "night"),
    "alerts:start_run": Page(("start_run",), post=True),
    "cases:plan_interview": Page(WRITE_CASE, "alert", post=True),
    "cases:interviews": Page(READ_CASE),
    "cases:interview": Page(READ_CASE, "interview"),
    "cases:reveal_number": Page(WRITE_CASE, "interview", post=True),
    "cases:note_attempt": Page(WRITE_CASE, "interview", post=True),
    "cases:hang_up": Page(WRITE_CASE, "interview", post=True),
    "cases:save_statement": Page(WRITE_CASE, "interview", post=True),
    "cases:save_answers": Page(WRITE_CASE, "interview", post=True),
    "cases:complete_interview": Page(WRITE_CASE, "interview", post=True),
    "cases:end_unreached": Page(WRITE_CASE, "interview", post=True),
    "cases:upload_recording": Page(WRITE_CASE, "interview", post=True),
    "cases:recording": Page(READ_CASE, "interview"),
    "cases:correct_interview": Page(WRITE_CASE, "interview"),
    "cases:supplement": Page(WRITE_CASE, "interview", post=True),
    "cases:reviews": Page(("read_case",)),
    "cases:conclude": Page(("write_case", "write_above"), "alert"),
    "cases:conclusion": Page(("read_case",), "conclusion"),
    "cases:note": Page(("read_case",), "conclusion"),
    "cases:review": Page(
        ("review_close", "approve_close", "confirm_close", "review_above", "approve_above"),
        "conclusion",
        post=True,
    ),
    "cases:inspections": Page(("read_case",)),
    "cases:plan_inspection": Page(("write_case", "write_above"), "alert"),
    "cases:inspection": Page(("read_case",), "inspection"),
    "cases:inspection_section": Page(("read_case",), "inspection_section"),
    "cases:inspection_photo": Page(("read_case",), "inspection_photo"),
    "cases:inspection_photo_small": Page(("read_case",), "inspection_photo"),
    "cases:inspection_signature": Page(("read_case",), "inspection_signature"),
    "cases:inspection_paper": Page(("read_case",), "inspection"),
    "cases:approve_inspection": Page(
        ("approve_visit", "approve_visit_above"), "inspection", post=True
    ),
    "cases:cancel_inspection": Page(("write_case", "write_above"), "inspection", post=True),
    "cases:start_inspection": Page(("write_case", "write_above"), "inspection", post=True),
    "cases:remove_photo": Page(("write_case", "write_above"), "inspection_photo", post=True),
    "cases:sign_inspection": Page(("write_case", "write_above"), "inspection", post=True),
    "cases:note_unsigned": Page(("write_case", "write_above"), "inspection", post=True),
    "cases:seal_inspection": Page(("write_case", "write_above"), "inspection", post=True),
    "cases:supplement_inspection": Page(("write_case", "write_above"), "inspection", post=True),
    "reports:reports": Page(("read_report",)),
    "reports:report": Page(("read_report",), "report"),
    "reports:start": Page(("write_report",), "month", post=True),
    "reports:save": Page(("write_report",), "part", post=True),
    "reports:checks": Page(("read_report",), "report"),
    "reports:figure": Page(("read_report",), "figure"),
    "reports:pdf": Page(("read_report",), "report"),
    "reports:annexes": Page(("read_report",), "report"),
    "reports:submission": Page(("read_report",), "submission"),
    "reports:send": Page(("write_report",), "report", post=True),
    "reports:approve": Page(("review_report",), "report", post=True),
    "reports:send_back": Page(("review_report", "sign_report"), "report", post=True),
    "reports:submit": Page(("sign_report",), "report", post=True),
    "reports:receive": Page(("receive_report",), "report", post=True),
    "reports:return": Page(("receive_report",), "report"),
    "reports:scores": Page(("read_score",)),
    "reports:score": Page(("read_score",), "assessment"),
    "reports:start_score": Page(("score_report",), "report", post=True),
    "reports:item": Page(("score_report",), "item", post=True),
    "reports:save_score": Page(("score_report",), "assessment", post=True),
    "reports:finish_score": Page(("score_report",), "assessment", post=True),
    "reports:return_score": Page(("confirm_score",), "assessment", post=True),
    "reports:confirm_score": Page(("confirm_score",), "assessment", post=True),
    "reports:publish_score": Page(("confirm_score",), "assessment", post=True),
}
