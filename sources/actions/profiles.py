"""A bureau's own words for columns."""

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import Bureau, User
from sources.importing.header import normal_title
from sources.importing.kinds import KINDS
from sources.importing.meanings import choices
from sources.models import ColumnProfile


@transaction.atomic
def map_column(*, bureau: Bureau, kind: str, header: str, column: str, by: User) -> ColumnProfile:
    """Let a header of a kind mean a column, for this bureau's files and those below it."""
    title = header.strip()
    known = {one.name for one in KINDS[kind].columns} | set(choices(kind))
    if column not in known:
        raise ValidationError("这一种文件没有这一列。")
    if not normal_title(title):
        raise ValidationError("请填写文件里的表头。")
    profile, made = ColumnProfile.objects.update_or_create(
        bureau=bureau, kind=kind, header=title, defaults={"column": column}
    )
    audit.actions.record(
        "profile.mapped", subject=f"profile:{kind}", bureau=bureau.code, by=by.code,
        header=title, column=column, new=made,
    )  # fmt: skip
    return profile
