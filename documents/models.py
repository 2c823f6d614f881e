"""Files as they came: kept, never overwritten, named by their digest."""

from typing import Self

from django.db import models

from accounts.models import Scoped, ScopedQuerySet, User


class StoredFileQuerySet(ScopedQuerySet["StoredFile"]):
    def newest(self) -> Self:
        return self.order_by("-stored_at", "-pk")


class StoredFile(Scoped):
    """An original file below MEDIA_ROOT, at `path`; `sha256` was computed while it streamed in."""

    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()  # bytes
    name = models.CharField(max_length=255)  # as the sender called it
    content_type = models.CharField(max_length=100)  # by content, not by name
    path = models.CharField(max_length=255)  # relative to MEDIA_ROOT
    purpose = models.CharField(max_length=30)  # "import", later "photo" ...
    stored_at = models.DateTimeField()
    stored_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    objects = StoredFileQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
