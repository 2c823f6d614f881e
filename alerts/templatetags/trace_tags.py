"""What the pages of seizures say of alerts, which they do not know."""

from django import template
from django.db.models import Q

from accounts.models import User
from alerts.models import Alert, AlertQuerySet, Origin

register = template.Library()
MOST = 3


@register.simple_tag
def seizure_alerts(code: str, user: User) -> AlertQuerySet:
    """The newest alerts about a shop that a seizure led to, as far as the user may see them."""
    visible = Alert.objects.visible_to(user, "read_alert")
    found = Q(reasons__detector="seized_code") | Q(
        reasons__detector__startswith=f"{Origin.SEIZURE}:"
    )
    told = visible.filter(found, subject_kind="retailer", subject_id=code).distinct()
    return told.order_by("-on", "-pk")[:MOST]
