"""Who hears of a report's and an assessment's steps."""

from accounts.actions import notify
from accounts.models import Bureau, User
from accounts.permissions import Role
from reports.models import Assessment, MonthlyReport

WRITERS = (Role.COUNTY_SUPERVISOR, Role.COUNTY_LEAD)
REVIEWERS = (Role.COUNTY_LEAD,)
SIGNERS = (Role.COUNTY_DEPUTY_HEAD, Role.COUNTY_HEAD)
CITY = (Role.CITY_SUPERVISOR, Role.CITY_LEAD)
CONFIRMERS = (Role.CITY_LEAD, Role.CITY_DEPUTY_HEAD)
COUNTY = (*WRITERS, *SIGNERS)


def tell(about: MonthlyReport | Assessment, roles: tuple[Role, ...], what: str, text: str) -> None:
    """A notice to those who hold the roles at the county, or at its city; once a step and version."""
    at = about.bureau if roles[0] in COUNTY else about.bureau.city
    notify(
        users=posted(at, roles),
        key=f"{about.code}:{what}:{about.version}",
        text=text,
        url=about.get_absolute_url(),
    )


def posted(bureau: Bureau, roles: tuple[Role, ...]) -> list[User]:
    """Those who hold one of the roles at the bureau today."""
    return list(User.objects.posted_at(bureau, roles))
