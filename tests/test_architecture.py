"""What holds of every model, view, action and page, and no linter knows."""

import ast
import itertools
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Scoped
from accounts.wording import EVENTS
from jobs.wording import KINDS

ROOT = Path(__file__).resolve().parent.parent
APPS = [
    "audit",
    "accounts",
    "jobs",
    "documents",
    "sources",
    "alerts",
    "cases",
    "reports",
]  # bottom up
OPEN_PAGES = {"accounts:login", "jobs:live", "jobs:ready"}
SCOPED = {model.__name__ for model in apps.get_models() if issubclass(model, Scoped)}


def python_files(*parts):
    return sorted(
        path
        for app in APPS
        for part in parts
        for path in (ROOT / app).glob(part)
        if "migrations" not in path.parts
    )


def short(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_foreign_keys_point_down(model):
    if model._meta.app_label not in APPS:
        return
    for field in model._meta.get_fields():
        if field.is_relation and not field.auto_created and field.related_model is not None:
            target = field.related_model._meta.app_label
            if target in APPS:
                assert APPS.index(target) <= APPS.index(model._meta.app_label), field.name


@pytest.mark.parametrize("path", python_files("actions.py", "actions/*.py"), ids=short)
def test_an_action_and_its_audit_event_are_one_transaction(path):
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        if "audit.actions.record" in ast.unparse(node):
            assert "transaction.atomic" in map(ast.unparse, node.decorator_list), node.name


@pytest.mark.parametrize("path", python_files("actions.py", "actions/*.py"), ids=short)
def test_actions_take_keywords_only(path):
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        if "transaction.atomic" in map(ast.unparse, node.decorator_list):
            assert not node.args.args, node.name


@pytest.mark.parametrize("path", python_files("views.py", "views/*.py"), ids=short)
def test_views_get_scoped_rows_only_through_visible_to(path):
    for node in ast.walk(ast.parse(path.read_text())):
        text = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
        for name in SCOPED:
            if text.startswith(f"{name}.objects.") and text.count(".") == 2:
                assert text == f"{name}.objects.visible_to", text


@pytest.mark.parametrize(
    "path", python_files("actions.py", "actions/*.py", "models.py", "forms.py"), ids=short
)
def test_rules_do_not_read_the_clock(path):
    text = path.read_text()
    if short(path) in {"jobs/actions.py", "alerts/actions/finding.py"}:
        return  # the workers' interface; and the end of a long run, which is a fact of its own
    for call in ("timezone.now()", "timezone.localdate()", "date.today()", "datetime.now("):
        assert call not in text, call


@pytest.mark.parametrize("path", python_files("**/*.py"), ids=short)
def test_a_file_fits_on_a_few_screens(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=short)
def test_a_template_fits_and_holds_no_inline_script_or_style(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 150
    for forbidden in ("|safe", "onclick=", " style=", "hx-on", "<style", "javascript:"):
        assert forbidden not in text, forbidden
    assert text.count("<script") == text.count('<script src="') + text.count(
        '<script type="application/json"'
    ) + text.count("<script defer src=")


def pages(resolver=None, namespace=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from pages(entry, inner)
        elif isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}", entry


@pytest.mark.parametrize(("name", "page"), list(pages()), ids=lambda value: str(value)[:40])
def test_every_page_asks_for_a_login(name, page):
    assert getattr(page.callback, "login_required", True) is (name not in OPEN_PAGES)


def test_personal_models_have_no_managers_of_their_own_but_querysets():
    for model in apps.get_models():
        if model._meta.app_label in APPS and model.__name__ != "User":
            manager = type(model._default_manager)
            assert manager is models.Manager or manager.__name__.startswith("ManagerFrom"), model


@pytest.mark.parametrize("path", python_files("**/*.py"), ids=short)
def test_nothing_lets_request_data_name_a_column(path):
    text = path.read_text()
    for forbidden in ("mark_safe", ".extra(", "RawSQL(", "filter(**request", "request.GET.dict()"):
        assert forbidden not in text, forbidden


RECORDED = re.compile(r'audit\.actions\.record\(\s*"([a-z]+\.[a-z_]+)"')


@pytest.mark.parametrize("path", python_files("**/*.py"), ids=short)
def test_what_the_audit_trail_records_has_words(path):
    assert set(RECORDED.findall(path.read_text())) <= set(EVENTS)


def test_every_kind_of_job_has_words():
    found = [
        re.findall(r'@job\("([\w.]+)"\)', path.read_text()) for path in python_files("tasks.py")
    ]
    assert set(itertools.chain(*found)) <= set(KINDS)
