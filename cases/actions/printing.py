"""Keeping the paper of a sealed record, once."""

import datetime as dt
import io

from django.db import transaction

from accounts.models import Bureau
from cases.models import Paper, SealedRecord
from cases.papers import paper_of
from documents.actions import store_file
from documents.rendering import render


@transaction.atomic
def print_record(*, code: str, now: dt.datetime) -> Paper:
    """Make the PDF of a sealed record and keep it. Asked again, it is the one that was made."""
    sealed = SealedRecord.objects.get(code=code)
    known = Paper.objects.filter(record=sealed).first()
    if known is not None:
        return known
    bureau = Bureau.objects.get(code=code.split("-")[1])
    file = store_file(
        stream=io.BytesIO(render(paper_of(sealed))),
        name=f"{code}.pdf",
        bureau=bureau,
        purpose="record",
        by=None,
        at=now,
    )
    return Paper.objects.create(record=sealed, file=file)
