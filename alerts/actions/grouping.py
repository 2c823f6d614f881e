"""One proposed case for each link: the alerts that share a device, a payer, a telephone, an order."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping

from accounts.models import Audience, Bureau
from alerts.actions.ground import Ground
from alerts.actions.saying import Said
from alerts.models import Alert, Group, Surprise

LEAST = 2  # members
REMEMBERED = dt.timedelta(weeks=6)  # how long new members join an earlier group


def propose_groups(
    ground: Ground, alerts: Iterable[Alert], surprises: Iterable[Surprise]
) -> list[Said]:
    """Join tonight's listed alerts of one link into a group, or to the one that stands.

    What people rejected is not proposed again. Returns the events to be told.
    """
    shared = {one.link: ground.detectors[one.detector].shares for one in surprises if one.link}
    members: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.link and alert.group_id is None:
            members[key_of(alert.link)].append(alert)
    said = []
    for key, found in sorted(members.items()):
        group = _standing(ground, key)
        if group is not None and group.state == Group.State.REJECTED:
            continue
        if group is None:
            if len(found) < LEAST:
                continue
            group = _propose(ground, key, found)
            said.append(Said("group.proposed", group.code, group.bureau.code, {"link": key}))
        _join(group, found, ground, shared.get(key) or "线索")
    return said


def key_of(link: str) -> str:
    """What the members share: an alert's link without its week."""
    return link.partition("|")[2]


def _standing(ground: Ground, key: str) -> Group | None:
    within = Group.objects.filter(
        bureau__in=[one.pk for one in ground.bureaus.values()],
        link=key,
        on__gt=ground.on - REMEMBERED,
        on__lte=ground.on,
    )
    return within.select_related("bureau").order_by("-on", "-pk").first()


def _propose(ground: Ground, key: str, found: list[Alert]) -> Group:
    place = _common(ground, found)
    number = Group.objects.filter(bureau=place, on=ground.on).count() + 1
    return Group.objects.create(
        bureau=place,
        audience=_audience(found),
        code=f"BA-{place.code}-{ground.on:%Y%m%d}-{number:02d}",
        link=key,
        on=ground.on,
        reason="",
    )


def _join(group: Group, found: list[Alert], ground: Ground, what: str) -> None:
    """Put alerts into a group; a member from elsewhere or above takes the whole group there."""
    for alert in found:
        alert.group = group
    Alert.objects.bulk_update(found, ["group"])
    members = list(group.alerts.select_related("bureau"))
    group.bureau, group.audience = _common(ground, members), _audience(members)
    counties = len({one.bureau_id for one in members})
    across = f"，涉及{counties}个单位" if counties > 1 else ""
    shops = sum(one.subject_kind == "retailer" for one in members)
    group.reason = f"{shops or len(members)}户共用同一{what}{across}，建议合并办理。"
    group.version += 1
    group.save()


def _common(ground: Ground, alerts: Iterable[Alert]) -> Bureau:
    """The lowest bureau above all of them."""
    bureaus: Mapping[int, Bureau] = {one.bureau_id: one.bureau for one in alerts}
    return next(iter(bureaus.values())) if len(bureaus) == 1 else ground.city


def _audience(alerts: Iterable[Alert]) -> str:
    hidden = any(one.audience == Audience.ABOVE for one in alerts)
    return Audience.ABOVE if hidden else Audience.EVERYONE
