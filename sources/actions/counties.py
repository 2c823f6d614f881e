"""Which bureau a file means by a county, and the bureau of a file that names none."""

import itertools
from collections.abc import Iterable

import accounts.actions
from accounts.models import Bureau
from sources.models import Retailer

LEVELS = {2: Bureau.Level.PROVINCE, 4: Bureau.Level.CITY, 6: Bureau.Level.COUNTY}
OWN = "9"  # codes of bureaus that no administrative code is known of


def make(code: str, name: str, parent: Bureau | None) -> Bureau:
    """A new bureau; its level follows from the length of its code."""
    level = LEVELS.get(len(code), Bureau.Level.COUNTY if parent else Bureau.Level.CITY)
    return accounts.actions.create_bureau(
        code=code, name=name, parent=parent, level=level, by="system"
    )


def make_city() -> Bureau:
    """A city of its own (9xxx), for files whose counties nobody knows."""
    code = _free_code(OWN + f"{n:03d}" for n in range(1, 1000))
    return make(code, f"未编码市局{code[1:]}", None)


def _free_code(candidates: Iterable[str]) -> str:
    taken = set(Bureau.objects.filter(code__startswith=OWN).values_list("code", flat=True))
    return next(code for code in candidates if code not in taken)


class Counties:
    """Counties by code or name, as files write them; new ones are made below the home's city."""

    def __init__(self, home: Bureau) -> None:
        self.city = home.city
        within = list(Bureau.objects.filter(path__startswith=self.city.path).order_by("code"))
        everywhere = list(Bureau.objects.order_by("code"))
        self.by_name = {bureau.name: bureau for bureau in reversed(within)}
        self.by_code = {bureau.code: bureau for bureau in everywhere}

    def known(self, text: str) -> Bureau | None:
        """The bureau of a code, a name, or the only name that begins so."""
        text = text.strip()
        found = self.by_code.get(text) or self.by_name.get(text)
        if found is None and len(text) >= 2:
            alike = [bureau for name, bureau in self.by_name.items() if name.startswith(text)]
            return alike[0] if len(alike) == 1 else None
        return found

    def find(self, text: str) -> Bureau:
        """The bureau; one that is not known yet is made, with a code of its own (9xxxxx)."""
        bureau = self.known(text) or self._made(text.strip())
        self.by_name[text.strip()] = bureau
        return bureau

    def _made(self, name: str) -> Bureau:
        stem = self.city.code if self.city.code.startswith(OWN) else OWN + "000"
        near = (f"{stem[:4]}{n:02d}" for n in range(1, 100))
        far = (f"{OWN}{n:05d}" for n in range(100, 100_000))
        return make(_free_code(itertools.chain(near, far)), name, self.city)


def common(bureaus: Iterable[Bureau]) -> Bureau | None:
    """The lowest bureau above or among all of these."""
    paths = [bureau.path.strip("/").split("/") for bureau in bureaus]
    if not paths:
        return None
    shared = []
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return Bureau.objects.filter(path=f"/{'/'.join(shared)}/").first() if shared else None


def of_retailers(codes: Iterable[str]) -> Bureau | None:
    """The lowest bureau above all of these retailers that are known."""
    known = Retailer.objects.filter(code__in=list(codes))
    return common(Bureau.objects.filter(pk__in=known.values("bureau")))
