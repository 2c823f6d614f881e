from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class StaffRequest(HttpRequest):
    """A request of somebody logged in, with htmx's details: what every view is given."""

    user: User
    htmx: HtmxDetails
