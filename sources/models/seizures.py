"""Cigarettes seized somewhere, as people register them, and the codes on their cartons."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Scoped, ScopedQuerySet, User
from documents.models import StoredFile
from sources.cartons import Carton, read_carton


class SeizureQuerySet(ScopedQuerySet["Seizure"]):
    def newest(self) -> Self:
        return self.select_related("bureau", "registered_by").order_by("-seized_on", "-pk")

    def standing(self) -> Self:
        """Those that nobody has withdrawn."""
        return self.filter(withdrawn_at=None)


class Seizure(Scoped):
    """One product of one case, registered by hand. Never changed: a wrong one is withdrawn."""

    case_no = models.CharField(max_length=60)
    seized_on = models.DateField()
    place = models.CharField(max_length=100)
    sku = models.CharField(max_length=100)  # as written
    sku_id = models.CharField(max_length=40, blank=True)  # of the catalogue, where it lists it
    qty = models.DecimalField(max_digits=9, decimal_places=1)  # cartons
    photo = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    registered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    why_withdrawn = models.CharField(max_length=200, blank=True)
    objects = SeizureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bureau", "case_no", "sku"],
                condition=Q(withdrawn_at=None),
                name="one_registration_a_product",
            ),
            models.CheckConstraint(condition=Q(qty__gt=0), name="something_was_seized"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, why_withdrawn="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(why_withdrawn=""),
                name="withdrawal_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_no} {self.sku}"

    def get_absolute_url(self) -> str:
        return reverse("sources:seizure", args=[self.pk])

    def cartons(self) -> list[Carton]:
        """Its codes, read for the day of the case, in the order in which they were typed."""
        codes = sorted(self.codes.all(), key=lambda code: code.row_no)
        return [code.read(case_on=self.seized_on) for code in codes]


class SeizedCode(models.Model):
    """The code of one carton, as typed."""

    seizure = models.ForeignKey(Seizure, models.CASCADE, related_name="codes")
    row_no = models.PositiveIntegerField()
    typed = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seizure", "row_no"], name="one_code_a_row")]

    def __str__(self) -> str:
        return self.typed

    def read(self, *, case_on: dt.date) -> Carton:
        return read_carton(self.typed, case_on=case_on)
