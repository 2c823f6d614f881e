"""What the pages of seizures say of alerts, which they do not know."""

from django import template

from accounts.models import User
from alerts.models import Alert, AlertQuerySet

register = template.Library()
MOST = 3


@register.simple_tag
def seizure_alerts(code: str, user: User) -> AlertQuerySet:
    """The newest alerts about a shop that a seizure led to, as far as the user may see them."""
    visible = Alert.objects.visible_to(user, "read_alert")
    told = visible.filter(
        subject_kind="retailer", subject_id=code, reasons__detector="seized_code"
    ).distinct()
    return told.order_by("-on", "-pk")[:MOST]
