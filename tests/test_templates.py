"""What the page's policy, the browser floor and the house style ask of every template and style."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static/css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(params=TEMPLATES, ids=name)
def template(request):
    return request.param


@pytest.fixture(params=STYLES, ids=name)
def style(request):
    return re.sub(r"/\*.*?\*/", "", request.param.read_text(), flags=re.DOTALL)


def test_it_compiles(template):
    get_template(str(template.relative_to(ROOT / "templates")))


def test_it_has_no_inline_script_or_style(template):
    text = template.read_text()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_it_loads_nothing_from_elsewhere(template):
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", template.read_text())


def test_it_fits_on_three_screens(template):
    assert len(template.read_text().splitlines()) < 150


def test_a_page_extends_before_all_else(template):
    text = template.read_text()

    if "{% extends" in text:
        assert text.startswith("{% extends")
        assert "endblock %}" not in text, "endblocks carry their block's name"


def test_components_get_only_what_they_are_given(template):
    for include in re.findall(r"\{% include \"components/[^%]+%\}", template.read_text()):
        assert include.endswith(" only %}"), include


def test_its_icons_are_in_the_sprite(template):
    sprite = (ROOT / "static/icons.svg").read_text()

    for icon in re.findall(r"\{% icon \"([^\"]+)\"|icon_name=\"([^\"]+)\"", template.read_text()):
        assert f'<symbol id="{icon[0] or icon[1]}"' in sprite


def test_the_sprite_is_made_of_the_list():
    listed = (ROOT / "static/icons.txt").read_text().split()

    assert listed == sorted(set(listed))
    assert re.findall(r"<symbol id=\"([^\"]+)\"", (ROOT / "static/icons.svg").read_text()) == listed


@pytest.mark.parametrize(
    "newer",
    ["oklch(", "color-mix(", "light-dark(", ":has(", "@container", "@layer", "@scope", "&"],
)
def test_a_style_asks_for_no_more_than_chromium_109(style, newer):
    assert newer not in style


def test_a_style_uses_only_tokens_that_exist(style):
    tokens = (ROOT / "static/css/tokens.css").read_text()

    for token in set(re.findall(r"var\((--(?!bs-)[a-z0-9-]+)\)", style)):
        assert re.search(rf"{token}:", tokens) or re.search(rf"{token}:", style), token


@pytest.mark.parametrize("path", sorted((ROOT / "static/vendor").glob("*.min.*")), ids=name)
def test_vendored_files_name_their_version_and_no_source_map(path):
    assert re.search(r"-\d+\.\d+\.\d+\.", path.name)
    assert "sourceMappingURL" not in path.read_text()
    assert f"`{path.name}`" in (ROOT / "static/vendor/LICENSES.md").read_text()


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_script_neither_evaluates_nor_writes_markup(path):
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", path.read_text())
