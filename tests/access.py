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

PAGES = {
    "accounts:login": Page(open=True),
    "accounts:logout": Page(post=True),
    "accounts:password": Page(),
    "accounts:notices": Page(),
    "accounts:read_notices": Page(post=True),
    "accounts:users": Page(("manage_users",)),
    "accounts:user": Page(("manage_users",), "person"),
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
    "sources:retailers": Page(("read_retailer",)),
    "sources:retailer": Page(("read_retailer",), "retailer"),
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
    "alerts:close_hits": Page(("dismiss_alert", "dismiss_orange", "dismiss_red")),
    "alerts:reopen_hits": Page(("dismiss_alert", "dismiss_orange", "dismiss_red"), post=True),
    "alerts:runs": Page(("read_run",)),
    "alerts:run": Page(("read_run",), "night"),
    "alerts:start_run": Page(("start_run",), post=True),
    "cases:reviews": Page(("read_case",)),
    "cases:conclude": Page(("write_case", "write_above"), "alert"),
    "cases:conclusion": Page(("read_case",), "conclusion"),
    "cases:note": Page(("read_case",), "conclusion"),
    "cases:review": Page(
        ("review_close", "approve_close", "confirm_close", "review_above", "approve_above"),
        "conclusion",
        post=True,
    ),
}
