"""What is final: the text of a signed record with its digest, its paper, and later supplements."""

from django.db import models

from accounts.models import User
from documents.models import StoredFile


class SealedRecord(models.Model):
    """A record as it was signed or approved: canonical JSON, kept as text. Only ever inserted."""

    class Kind(models.TextChoices):
        INSPECTION = "inspection", "实地核查记录"
        CONCLUSION = "conclusion", "处置报告"

    code = models.CharField(max_length=40, unique=True)  # of the inspection or conclusion
    kind = models.CharField(max_length=12, choices=Kind)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)  # of the text in UTF-8
    sealed_at = models.DateTimeField()
    sealed_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.code


class Paper(models.Model):
    """The PDF of a sealed record, made once by a job. Only ever inserted."""

    record = models.OneToOneField(SealedRecord, models.PROTECT, related_name="paper")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.record)


class Addendum(models.Model):
    """补充记录: what was added to a locked or sealed record. Only ever inserted."""

    code = models.CharField(max_length=40, db_index=True)  # the record's
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="one_addendum_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.code} 补充{self.number}"
