"""What our fonts can print. Typst refuses a PDF/A with a glyph that is missing, so we ask before."""

import re
import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
UNSEEN = re.compile("[\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]")  # joiners, variants, a BOM
ACCENTS = re.compile("[^\\W\\d_][\u0300-\u036f]+")
LONG = re.compile("[!-~\u00a1-\u2e7f]{21,}")  # links, digests: no place to break a line
PIECE = re.compile("(?s).{1,4}")
BREAK = "\u200b"  # the template makes room for a line break of it; it is never printed


def printable(text: str) -> tuple[str, list[str]]:
    """The text as it can be printed, and each mark 〔U+XXXXX〕 that stands for a missing glyph.

    Lines stay lines; accents are joined to their letter; what has no width goes; a run of more
    than 20 Latin characters may be broken after every fourth. Control characters are printed as marks.
    """
    text = UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\t", "\u3000")
    text = ACCENTS.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)
    marks: list[str] = []

    def mark(found: re.Match[str]) -> str:
        marks.append(f"〔U+{ord(found[0]):04X}〕")
        return marks[-1]

    text = _missing().sub(mark, text)
    return LONG.sub(lambda found: BREAK.join(PIECE.findall(found[0])), text), marks


def width(text: str) -> float:
    """How wide the longest line is, in em: Chinese 1, Latin about half."""
    return max(sum(map(_em, line)) for line in text.split("\n"))


def longest_word(text: str) -> float:
    """How wide a column must be, in em, so that no number or word sticks out."""
    return max(
        [2.0, *(width(word) for word in re.findall("[!-~\u00a1-\u200a\u200c-\u2e7f]+", text))]
    )


def _em(character: str) -> float:
    if character == BREAK:
        return 0
    return 1 if unicodedata.east_asian_width(character) in "WFA" else 0.56


@cache
def _missing() -> re.Pattern[str]:
    """Matches one character that none of our fonts has."""
    codes = sorted({10, *(code for font in FONTS.glob("*.?tf") for code in covered(font))})
    edges = [codes[0]]
    for former, code in pairwise(codes):
        if code != former + 1:
            edges += [former, code]
    edges.append(codes[-1])
    spans = zip(edges[::2], edges[1::2], strict=True)
    return re.compile("[^" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in spans) + "]")


def covered(font: Path) -> Iterator[int]:
    """The code points of a font, from the format 12 subtable of its cmap."""
    with font.open("rb") as file:
        start = _table(file.read(12 + 16 * 64), b"cmap")
        file.seek(start)
        head = file.read(4 + 8 * 16)
        for index in range(struct.unpack_from(">H", head, 2)[0]):
            file.seek(start + struct.unpack_from(">I", head, 4 + 8 * index + 4)[0])
            if file.read(2) == b"\0\x0c":
                count = struct.unpack(">H3I", file.read(14))[3]
                groups = file.read(12 * count)
                for low, high, _ in struct.iter_unpack(">III", groups):
                    yield from range(low, high + 1)
                return
    raise ValueError(f"{font.name} has no cmap of format 12")


def _table(directory: bytes, tag: bytes) -> int:
    """Where a table starts in the font file."""
    for index in range(struct.unpack_from(">H", directory, 4)[0]):
        name, _, offset, _ = struct.unpack_from(">4sIII", directory, 12 + 16 * index)
        if name == tag:
            return int(offset)
    raise ValueError("the font has no cmap")
