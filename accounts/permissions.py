"""Which role may do what, and how far down the tree. The one table of rights, reviewable in a diff."""

import enum
from dataclasses import dataclass

from django.db import models


class Role(models.TextChoices):
    COUNTY_SUPERVISOR = "county_supervisor", "县局内管员"
    COUNTY_LEAD = "county_lead", "县局内管股长"
    COUNTY_DEPUTY_HEAD = "county_deputy_head", "县局分管领导"
    COUNTY_HEAD = "county_head", "县局局长"
    DATA_CLERK = "data_clerk", "数据员"
    SALES_LIAISON = "sales_liaison", "营销联络员"
    MONOPOLY_LIAISON = "monopoly_liaison", "专卖联络员"
    LOGISTICS_LIAISON = "logistics_liaison", "物流联络员"
    CITY_SUPERVISOR = "city_supervisor", "市局内管员"
    CITY_LEAD = "city_lead", "市局内管科长"
    CITY_DEPUTY_HEAD = "city_deputy_head", "市局分管领导"
    PROVINCE_VIEWER = "province_viewer", "省局查阅"
    DISCIPLINE = "discipline", "纪检"
    AUDITOR = "auditor", "审计员"
    SYSADMIN = "sysadmin", "系统管理员"


class Reach(enum.Enum):
    OWN = "own"  # writing: only at the bureau of the assignment
    DOWN = "down"  # reading: the bureau and all below it


@dataclass(frozen=True)
class Right:
    roles: frozenset[Role]
    reach: Reach


def own(*roles: Role) -> Right:
    return Right(frozenset(roles), Reach.OWN)


def down(*roles: Role) -> Right:
    return Right(frozenset(roles), Reach.DOWN)


R = Role
COUNTY = (R.COUNTY_SUPERVISOR, R.COUNTY_LEAD, R.COUNTY_DEPUTY_HEAD, R.COUNTY_HEAD)
CITY = (R.CITY_SUPERVISOR, R.CITY_LEAD, R.CITY_DEPUTY_HEAD)

MAY: dict[str, Right] = {
    "read_alert": down(*COUNTY, *CITY, R.PROVINCE_VIEWER),
    "see_hidden": down(*CITY, R.DISCIPLINE),
    "claim_alert": own(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD),
    "claim_above": down(R.CITY_SUPERVISOR, R.CITY_LEAD),  # staff concerned, or a whole city's
    "dismiss_alert": own(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD),
    "dismiss_orange": own(R.COUNTY_LEAD),
    "dismiss_red": down(R.CITY_SUPERVISOR, R.CITY_LEAD),
    "raise_alert": own(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD),
    "raise_above": down(R.CITY_SUPERVISOR, R.CITY_LEAD),
    "grade_alert": own(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD),
    "grade_above": down(R.CITY_SUPERVISOR, R.CITY_LEAD),
    "review_grade": down(R.CITY_SUPERVISOR, R.CITY_LEAD),  # from or to red
    "review_grade_above": down(R.CITY_LEAD, R.CITY_DEPUTY_HEAD),
    "exempt": own(R.COUNTY_LEAD, R.COUNTY_DEPUTY_HEAD),  # the second person of an exemption
    "exempt_above": down(R.CITY_LEAD, R.CITY_DEPUTY_HEAD),
    "decide_flood": down(R.CITY_SUPERVISOR, R.CITY_LEAD),
    "manage_events": down(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD, R.CITY_SUPERVISOR, R.CITY_LEAD),
    "supervise": own(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD),  # lists of classified supervision
    "set_supervision": down(R.CITY_SUPERVISOR, R.CITY_LEAD),
    "read_case": down(*COUNTY, *CITY, R.PROVINCE_VIEWER),
    "write_case": own(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD),  # interviews, inspections, conclusions
    "write_above": down(R.CITY_SUPERVISOR, R.CITY_LEAD),  # the same where the city handles it
    "approve_visit": own(R.COUNTY_LEAD, R.COUNTY_DEPUTY_HEAD),  # a red alert's inspection
    "approve_visit_above": down(R.CITY_LEAD, R.CITY_DEPUTY_HEAD),
    "review_close": own(R.COUNTY_LEAD, R.COUNTY_DEPUTY_HEAD),
    "approve_close": own(R.COUNTY_DEPUTY_HEAD, R.COUNTY_HEAD),
    "confirm_close": down(R.CITY_SUPERVISOR, R.CITY_LEAD),
    "review_above": down(R.CITY_LEAD, R.CITY_DEPUTY_HEAD),
    "approve_above": down(R.CITY_DEPUTY_HEAD),
    "read_report": down(*COUNTY, *CITY, R.PROVINCE_VIEWER),
    "write_report": own(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD),
    "review_report": own(R.COUNTY_LEAD),
    "sign_report": own(R.COUNTY_DEPUTY_HEAD, R.COUNTY_HEAD),
    "receive_report": down(R.CITY_SUPERVISOR, R.CITY_LEAD),
    "score_report": down(R.CITY_SUPERVISOR),
    "confirm_score": down(R.CITY_LEAD, R.CITY_DEPUTY_HEAD),
    "read_score": down(*COUNTY, *CITY, R.PROVINCE_VIEWER),
    "read_retailer": down(*COUNTY, *CITY, R.PROVINCE_VIEWER),
    "read_seizure": down(*COUNTY, *CITY),
    "register_seizure": own(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD, R.CITY_SUPERVISOR, R.CITY_LEAD),
    "unmask": down(R.COUNTY_SUPERVISOR, R.COUNTY_LEAD, R.CITY_SUPERVISOR, R.CITY_LEAD),
    "import_data": down(R.DATA_CLERK),
    "read_import": down(R.DATA_CLERK, *COUNTY, *CITY),
    "map_columns": down(R.DATA_CLERK),
    "read_run": down(R.DATA_CLERK, *COUNTY, *CITY),
    "start_run": down(R.COUNTY_LEAD, R.CITY_SUPERVISOR, R.CITY_LEAD),
    "read_rules": down(*COUNTY, *CITY, R.PROVINCE_VIEWER, R.DISCIPLINE),
    "read_change": down(*CITY, R.DISCIPLINE),  # drafts, back-tests and shadows: hidden alerts too
    "draft_rules": down(R.CITY_SUPERVISOR, R.CITY_LEAD),
    "approve_rules": down(R.CITY_LEAD, R.CITY_DEPUTY_HEAD),
    "read_audit": down(R.AUDITOR),
    "manage_users": down(R.SYSADMIN),
    "manage_calendar": down(R.SYSADMIN, R.CITY_LEAD),
    "read_health": down(R.SYSADMIN, R.AUDITOR),
}

BUSINESS = frozenset(Role) - {R.AUDITOR, R.SYSADMIN}
# Administration, audit and business are three posts that one person may not join.
CONFLICTS = (
    (frozenset({R.SYSADMIN}), frozenset({R.AUDITOR}) | BUSINESS),
    (frozenset({R.AUDITOR}), BUSINESS),
)
