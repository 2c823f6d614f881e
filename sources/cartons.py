"""The 32 characters printed on a carton when it is sorted for a shop: reading them. Pure.

First line (16 digits): last digit of the year, month and day of sorting, serial of the order (9),
number of the carton within it (01 to 50). Second line (16): short name of the company (4), licence
number of the shop (12). Characters that nobody can read are `?`.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LINE = 16
WHOLE = 2 * LINE
LICENCE = 12
MOST_IN_ORDER = 50  # a higher number is printed on no genuine carton
UNREADABLE = "?"
_MARKS = str.maketrans(dict.fromkeys("？*＊_□■×", UNREADABLE))
_GAPS = re.compile(r"[\s\-－—–/／|,，;；:：.]+")


@dataclass(frozen=True)
class Carton:
    """What one code says. `text` has 32 characters, what is missing or unreadable as `?`.

    `mistakes` are of the typing: to be mended before anything can be said. A code whose `doubts` speak
    of a forgery (`is_forged`) leads to nobody: the licence on it may be anybody's.
    """

    typed: str
    text: str = ""
    sorted_on: dt.date | None = None
    serial: str = ""
    sequence: int | None = None
    company: str = ""
    licence_no: str = ""  # 12 characters, some may be `?`; empty where none is readable
    is_forged: bool = False
    mistakes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def leads_to_licence(self) -> bool:
        """Whether one licence is named in full, by a code that may be genuine."""
        whole = bool(self.licence_no) and UNREADABLE not in self.licence_no
        return whole and not self.is_forged and not self.mistakes

    @property
    def division(self) -> str:
        """The county's division code as the licence gives it; empty where it cannot be read."""
        six = self.licence_no[:6]
        return "" if UNREADABLE in six else six


def read_carton(typed: str, *, case_on: dt.date) -> Carton:
    """What a code means for a case of this day: 32 characters, one of its two lines, or a licence.

    The year of sorting is the latest one with that last digit for which the day is not after the
    case. Of a single line of digits, one that begins with a possible date is taken as the first.
    """
    given = cleaned(typed)
    wrong = re.sub(r"[0-9A-Z?]", "", given)
    if wrong:
        return Carton(typed, mistakes=(f"有不能识别的字符：{wrong[:5]}",))
    if len(given) not in {WHOLE, LINE, LICENCE}:
        return Carton(
            typed,
            mistakes=(
                f"应为32位（只有一行的16位，只有许可证号的12位），现为{len(given)}位；"
                "看不清的位请用“?”补足",
            ),
        )
    text, missing = _completed(given, case_on)
    return _read(typed, text, missing, case_on)


def read_cartons(box: str, *, case_on: dt.date) -> list[Carton]:
    """The codes typed into a box, one a line; a code typed twice is told at its second line."""
    found: list[Carton] = []
    seen: set[str] = set()
    for line in box.splitlines():
        if not line.strip():
            continue
        carton = read_carton(line.strip(), case_on=case_on)
        if carton.text in seen and UNREADABLE not in carton.text:
            carton = Carton(carton.typed, carton.text, mistakes=("与前面某一行重复",))
        if carton.text:
            seen.add(carton.text)
        found.append(carton)
    return found


def cleaned(typed: str) -> str:
    """Half-width capitals and digits without gaps; every mark for unreadable as `?`."""
    text = typed.translate(_MARKS)
    text = unicodedata.normalize("NFKC", text).translate(_MARKS)
    return _GAPS.sub("", text).upper()


def _completed(given: str, case_on: dt.date) -> tuple[str, str]:
    """All 32 characters, and what was not typed."""
    if len(given) == WHOLE:
        return given, ""
    if len(given) == LICENCE:
        return UNREADABLE * (WHOLE - LICENCE) + given, "只有许可证号，分拣日期和序号不明"
    if _is_first_line(given, case_on):
        return given + UNREADABLE * LINE, "只有第一行，看不出许可证号"
    return UNREADABLE * LINE + given, "只有第二行，分拣日期和序号不明"


def _is_first_line(line: str, case_on: dt.date) -> bool:
    if re.search("[A-Z]", line):
        return False
    return UNREADABLE in line[:5] or _day(line[:5], case_on) is not None


def _read(typed: str, text: str, missing: str, case_on: dt.date) -> Carton:
    first, licence = text[:LINE], text[-LICENCE:]
    doubts = [missing] if missing else []
    forged = []
    sorted_on = _day(first[:5], case_on) if UNREADABLE not in first[:5] else None
    if UNREADABLE not in first[:5] and sorted_on is None:
        forged.append(f"分拣日期“{first[:5]}”不存在")
    sequence = int(first[-2:]) if first[-2:].isdigit() else None
    if sequence is not None and not 1 <= sequence <= MOST_IN_ORDER:
        forged.append(f"条序号{sequence:02}不在01至50之内，疑似伪码，不作追溯")
    if re.search("[A-Z]", first + licence):
        forged.append("第一行或许可证号里出现字母")
    unread = text.count(UNREADABLE)
    if unread and not missing:
        doubts.append(f"有{unread}位看不清")
    return Carton(
        typed=typed,
        text=text,
        sorted_on=sorted_on,
        serial=first[5:14],
        sequence=sequence,
        company=text[LINE : LINE + 4],
        licence_no=licence if set(licence) != {UNREADABLE} else "",
        is_forged=bool(forged),
        doubts=(*forged, *doubts),
    )


def _day(five: str, case_on: dt.date) -> dt.date | None:
    """The latest day up to the case's with this last digit of the year, month and day."""
    if not five.isdigit():
        return None
    for year in range(case_on.year, case_on.year - 20, -1):
        if year % 10 != int(five[0]):
            continue
        try:
            day = dt.date(year, int(five[1:3]), int(five[3:]))
        except ValueError:
            continue
        if day <= case_on:
            return day
    return None


def by_licence(cartons: Iterable[Carton]) -> dict[str, list[Carton]]:
    """The codes that lead to a licence, by its number."""
    found: dict[str, list[Carton]] = {}
    for carton in cartons:
        if carton.leads_to_licence:
            found.setdefault(carton.licence_no, []).append(carton)
    return found
