"""Which of a night's findings count for the list: not those exempted, parked or switched off."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import Count, Q

from accounts.models import Audience
from alerts.actions.ground import Ground
from alerts.actions.saying import Said
from alerts.deviation import said_size, size_of
from alerts.grading import Fate, higher
from alerts.models import Exemption, Flood, Night, Surprise

MEMORY = 20  # nights whose median says what a detector usually finds
LEAST_NIGHTS = 5  # before these nobody knows what is usual
DOUBLED = 2.0  # times the size it was granted at: the exemption ends


def excuse(surprises: Iterable[Surprise], *, ground: Ground) -> tuple[dict[int, Fate], list[Said]]:
    """Surprise -> why it does not count, and the events to be told.

    Marks the rows, ends outgrown exemptions, parks floods. Run again for the same night it decides
    the same, except that floods since released count.
    """
    surprises, said = list(surprises), list[Said]()
    fates = {one.pk: Fate.OFF for one in surprises if one.detector in ground.policy.off}
    exempted = _exempted(surprises, ground, said)
    fates |= dict.fromkeys(exempted, Fate.EXEMPT)
    parked = _parked([one for one in surprises if one.pk not in fates], ground, said)
    fates |= dict.fromkeys(parked, Fate.PARKED)
    changed = []
    for one in surprises:
        was = one.exemption_id, one.parked
        one.exemption, one.parked = exempted.get(one.pk), one.pk in parked
        if was != (one.exemption_id, one.parked):
            changed.append(one)
    Surprise.objects.bulk_update(changed, ["exemption", "parked"], batch_size=2000)
    for code, night in ground.nights.items():
        mine = [fates.get(one.pk) for one in surprises if one.bureau.code == code]
        night.exempted, night.parked = mine.count(Fate.EXEMPT), mine.count(Fate.PARKED)
    return fates, said


def _exempted(surprises: list[Surprise], ground: Ground, said: list[Said]) -> dict[int, Exemption]:
    granted = Exemption.objects.in_force(on=ground.on).select_related("bureau").order_by("pk")
    within = granted.filter(bureau__in=[one.pk for one in ground.bureaus.values()])
    silent: dict[tuple[int, str, str, str], list[Exemption]] = defaultdict(list)
    for exemption in within:
        for code in filter(None, (exemption.subject_id, exemption.other_id)):
            silent[
                exemption.bureau_id, exemption.detector, exemption.subject_kind, code
            ].append(exemption)  # fmt: skip
    found, outgrown = dict[int, Exemption](), set[int]()
    for one in surprises:
        for exemption in silent.get(
            (one.bureau_id, one.detector, one.subject_kind, one.subject_id), ()
        ):
            if exemption.pk in outgrown or not _covers(exemption, one):
                continue
            size = size_of(ground.detectors[one.detector], one.numbers, one.surprise)
            if size is None:
                continue  # its numbers cannot tell: it counts
            if size < DOUBLED * exemption.size:
                found[one.pk] = exemption
                break
            outgrown.add(exemption.pk)
            said.append(_ended(exemption, size, ground))
    return {pk: one for pk, one in found.items() if one.pk not in outgrown}


def _covers(exemption: Exemption, one: Surprise) -> bool:
    """Whether it was granted for such a finding: no graver facts, seen by the same people, and
    where it was for a pair, nobody else in it."""
    graver = higher(one.floor, exemption.floor) != exemption.floor
    audience = Audience.ABOVE if one.staff_concerned else Audience.EVERYONE
    if graver or exemption.audience != audience:
        return False
    pair = {exemption.subject_id, exemption.other_id}
    return not exemption.other_id or {one.subject_id, one.numbers.get("other")} == pair


def _ended(exemption: Exemption, size: float, ground: Ground) -> Said:
    exemption.state, exemption.ended_on = Exemption.State.ENDED, ground.on
    was, now = (said_size(exemption.detector, told) for told in (exemption.size, size))
    exemption.ended_why = f"批准时{was}，现在{now}，已达两倍"
    exemption.save()
    details = {"detector": exemption.detector, "size": round(size, 2)}
    return Said("exemption.outgrown", str(exemption.pk), exemption.bureau.code, details)


def _parked(surprises: list[Surprise], ground: Ground, said: list[Said]) -> set[int]:
    """Findings of detectors that found far more than usual, until somebody releases them."""
    policy = ground.policy
    notable = [one for one in surprises if one.floor or one.surprise >= policy.strong]
    usual = _usual(ground)
    parked: set[str] = set()
    for detector, found in Counter(one.detector for one in notable).items():
        normal = usual.get(detector)
        if normal is None or found < policy.flood_least:
            continue
        if found <= policy.flood_factor * max(normal, 1.0):
            continue
        flood, is_new = Flood.objects.get_or_create(
            bureau=ground.city, on=ground.on, detector=detector,
            defaults={"found": found, "usual": normal},
        )  # fmt: skip
        if is_new:
            details = {"night": ground.on.isoformat(), "found": found, "usual": normal}
            said.append(Said("flood.parked", detector, ground.city.code, details))
        if flood.state != Flood.State.RELEASED:
            parked.add(detector)
    return {one.pk for one in surprises if one.detector in parked}


def _usual(ground: Ground) -> dict[str, float]:
    """The median of what each detector found in the nights before; empty while these are few."""
    before = Night.objects.filter(
        bureau=ground.city, on__lt=ground.on, state=Night.State.DONE
    ).order_by("-on")
    nights = list(before.values_list("on", flat=True)[:MEMORY])
    if len(nights) < LEAST_NIGHTS:
        return {}
    notable = Surprise.objects.filter(
        Q(surprise__gte=ground.policy.strong) | ~Q(floor=""),
        night__bureau__in=[one.pk for one in ground.bureaus.values()],
        night__on__in=nights,
    )
    counts: dict[str, list[int]] = {}
    for row in notable.values("night__on", "detector").annotate(found=Count("pk")):
        counts.setdefault(row["detector"], []).append(row["found"])
    return {
        key: statistics.median(
            [*counts.get(key, []), *[0] * (len(nights) - len(counts.get(key, [])))]
        )
        for key in ground.detectors
    }
