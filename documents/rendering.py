"""Papers: what is printed is said in a few blocks, Typst lays it out, a PDF/A comes back."""

import datetime as dt
import io
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst
from django.core.exceptions import ValidationError

from documents.glyphs import FONTS, longest_word, printable, width
from documents.pictures import ink, preview

TEMPLATE = Path(__file__).parent / "paper.typ"
UPRIGHT, FLIPPED = 442.0, 694.0  # points between the margins of A4
SIZES = (10.5, 9.5, 8.5, 7.5, 6.5)  # points of type in tables, by what fits
PADDING = 7.0  # points left and right in a cell, together
Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Heading:
    """一、 of level 1, （一） of level 2. The numbers are the caller's."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """Paragraphs, one a line, each indented by two characters, unless it is a form of address."""

    text: str
    indent: bool = True


@dataclass(frozen=True)
class Facts:
    """Labels and values in a ruled form of `columns` pairs; a long value takes its whole line."""

    rows: Sequence[tuple[str, str]]
    columns: int = 2  # 1 to 3


@dataclass(frozen=True)
class Table:
    """A ruled table whose head repeats on every page. `wide` gives it sideways pages of its own."""

    columns: Sequence[tuple[str, Align]]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] = ()  # a last row in bold
    note: str = ""
    wide: bool = False
    title: str = ""  # above the table, as an annex has it


@dataclass(frozen=True)
class Pictures:
    """JPEG or PNG bytes with captions, two a line. What cannot be read is said in its place."""

    items: Sequence[tuple[bytes, str]]


@dataclass(frozen=True)
class Statement:
    """A boxed declaration. It stays with what follows it: the signatures."""

    text: str


@dataclass(frozen=True)
class Signatures:
    """Who signs, the signature as an image (None: room to sign by hand), the date, a note.

    Without a date there is room to write one. The note tells of a refusal or of a witness.
    """

    items: Sequence[tuple[str, bytes | None, str, str]]


@dataclass(frozen=True)
class Closing:
    """落款: who issues the paper and the date, on lines of their own at the right."""

    text: str


Block = Heading | Text | Facts | Table | Pictures | Statement | Signatures | Closing


@dataclass(frozen=True)
class Paper:
    """One official paper. `at` is the moment that its metadata give; the clock is not read."""

    title: str
    bureau: str  # its name, above the title
    blocks: Sequence[Block]
    at: dt.datetime
    code: str = ""
    subtitle: str = ""
    digest: str = ""  # of the content; the first 16 digits stand on every page
    receipt: str = ""  # number and hash of the entry in the audit chain
    draft: bool = False  # 草稿 across every page
    page_signature: bool = False  # a line to sign at the foot of every page
    page_signers: Sequence[str] = ("当事人", "记录人")


def render(paper: Paper) -> bytes:
    """The paper as PDF/A-2u on A4: the same bytes for the same paper.

    Words are data and never markup. Typst may read nothing but a folder of this paper's pictures.
    Raises ValueError when a table's rows do not have as many cells as it has columns.
    """
    with tempfile.TemporaryDirectory(prefix="paper-") as temporary:
        folder = Path(temporary)
        words, marks = _printable(
            {
                "title": paper.title,
                "subtitle": paper.subtitle,
                "bureau": paper.bureau,
                "code": paper.code,
                "digest": paper.digest[:16],
                "receipt": paper.receipt,
                "draft": paper.draft,
                "page_signers": list(paper.page_signers) if paper.page_signature else [],
                "blocks": [_block(block, folder) for block in paper.blocks],
            }
        )
        words["missing"] = "、".join(dict.fromkeys(marks))
        template = folder / "paper.typ"
        shutil.copy(TEMPLATE, template)
        return typst.compile(
            template,
            root=folder,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"paper": json.dumps(words, ensure_ascii=False)},
            format="pdf",
            pdf_standards="a-2u",
            timestamp=int(paper.at.timestamp()),
        )


@cache
def _fonts() -> typst.Fonts:
    """Ours only, so that a paper looks the same on every machine."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


def _printable(value: Any) -> tuple[Any, list[str]]:
    """The tree with every string made printable, and the marks of missing glyphs."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        done = {key: _printable(item) for key, item in value.items()}
        return {key: item for key, (item, _) in done.items()}, _marks(done.values())
    if isinstance(value, list):
        items = [_printable(item) for item in value]
        return [item for item, _ in items], _marks(items)
    return value, []


def _marks(items: Any) -> list[str]:
    return [mark for _, marks in items for mark in marks]


def _block(block: Block, folder: Path) -> dict[str, Any]:
    """A block as the template reads it; its pictures become files of the folder."""
    match block:
        case Heading() | Text() | Statement() | Closing():
            return {"kind": type(block).__name__.lower(), **asdict(block)}
        case Facts():
            rows = _lines_of_facts(block)
            return {"kind": "facts", "columns": block.columns, "rows": rows}
        case Table():
            return _table(block)
        case Pictures(items):
            shown = [
                {"file": _keep(image, folder, signature=False), "caption": caption}
                for image, caption in items
            ]
            return {"kind": "pictures", "items": shown}
        case Signatures(signed):
            return {"kind": "signatures", "items": [_signature(item, folder) for item in signed]}


def _signature(item: tuple[str, bytes | None, str, str], folder: Path) -> dict[str, str]:
    who, image, date, note = item
    file = "" if image is None else _keep(image, folder, signature=True) or "?"
    return {"who": who, "file": file, "date": date, "note": note}


def _keep(image: bytes, folder: Path, *, signature: bool) -> str:
    """Write a picture, encoded anew, where Typst may read it: its name, or "" when unreadable."""
    stream = io.BytesIO(image)
    try:
        encoded = ink(stream, side=800) if signature else preview(stream, side=1024)
    except ValidationError:
        return ""
    name = f"{len(list(folder.glob('*.*')))}.{'png' if signature else 'jpg'}"
    (folder / name).write_bytes(encoded)
    return name


def _lines_of_facts(facts: Facts) -> list[list[list[Any]]]:
    """Lines of [label, value, columns that the value spans]; the last of a line takes the rest."""
    room = UPRIGHT / facts.columns * 0.62 / 10.5  # em
    lines: list[list[list[Any]]] = []
    free = 0
    for label, value in facts.rows:
        alone = facts.columns > 1 and ("\n" in value or width(value) > room * 1.6)
        if free == 0 or alone:
            _fill(lines, free)
            lines.append([])
            free = facts.columns
        lines[-1].append([label, value, 1])
        free -= 1
        if alone:
            _fill(lines, free)
            free = 0
    _fill(lines, free)
    return lines


def _fill(lines: list[list[list[Any]]], free: int) -> None:
    if lines and free:
        lines[-1][-1][2] += 2 * free


def _table(table: Table) -> dict[str, Any]:
    titles = [title for title, _ in table.columns]
    body = [list(row) for row in [*table.rows, *([table.total] if table.total else [])]]
    if any(len(row) != len(titles) for row in body):
        raise ValueError(f"a row does not have {len(titles)} cells")
    size, widths = _widths([titles, *body], FLIPPED if table.wide else UPRIGHT)
    return {
        "kind": "table",
        "titles": titles,
        "align": [align for _, align in table.columns],
        "rows": [list(row) for row in table.rows],
        "total": list(table.total),
        "title": table.title,
        "note": table.note,
        "wide": table.wide,
        "size": size,
        "widths": widths,
    }


def _widths(rows: list[list[str]], room: float) -> tuple[float, list[float]]:
    """The largest type in which no word sticks out, and the width of each column in points."""
    columns = [[printable(cell)[0] for cell in column] for column in zip(*rows, strict=True)]
    words = [
        max(*map(longest_word, column), *(min(4.0, width(cell)) for cell in column[1:]), 2.0)
        for column in columns
    ]
    lengths = [
        min(30.0, max(width(title) / 2, *map(width, [*cells, ""]))) for title, *cells in columns
    ]
    size, least, wanted = SIZES[-1], words, words
    for size in SIZES:
        least = [word * size + PADDING for word in words]
        wanted = [
            max(narrow, length * size + PADDING)
            for narrow, length in zip(least, lengths, strict=True)
        ]
        if sum(least) <= room:
            break
    spare, more = room - sum(least), sum(wanted) - sum(least)
    if spare < 0 or spare >= more:  # too little for the words, or enough for all
        basis = least if spare < 0 else wanted
        return size, [column * room / sum(basis) for column in basis]
    return size, [
        narrow + (wide - narrow) * spare / more for narrow, wide in zip(least, wanted, strict=True)
    ]
