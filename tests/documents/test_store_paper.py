import json
from pathlib import Path

import pytest
from django.conf import settings

import documents.actions
from audit.models import Event
from documents.actions import store_paper
from documents.rendering import Table, Text, render
from tests import make
from tests.documents.paper import AT, a_paper

pytestmark = pytest.mark.django_db


def store(paper):
    return store_paper(
        paper=paper, name="笔录.pdf", bureau=make.bureau(), purpose="record", by=None, at=AT
    )


def test_the_paper_is_kept_as_pdf_and_its_digest_recorded():
    paper = a_paper(Text("正文"))

    file = store(paper)

    assert (file.content_type, file.purpose, file.name) == ("application/pdf", "record", "笔录.pdf")
    assert (Path(settings.MEDIA_ROOT) / file.path).read_bytes() == render(paper)
    event = Event.objects.get(kind="file.stored")
    assert json.loads(event.details)["sha256"] == file.sha256


def test_the_audit_chain_is_not_locked_while_the_paper_is_laid_out(monkeypatch):
    make.bureau()
    before, seen = Event.objects.count(), []

    def laid_out(paper):
        seen.append(Event.objects.count())
        return render(paper)

    monkeypatch.setattr(documents.actions, "render", laid_out)

    store(a_paper(Text("正文")))

    assert seen == [before]


def test_a_paper_that_cannot_be_laid_out_leaves_nothing():
    with pytest.raises(ValueError, match="1 cells"):
        store(a_paper(Table([("列", "left")], [["1", "2"]])))

    assert not Event.objects.filter(kind="file.stored").exists()
