"""What the nights of some counties keep of their shared tables for the nights to come."""

from django.db import models

from accounts.models import Bureau


class Memory(models.Model):
    """The panels of some counties of a city up to a day: which files hold them.

    The files are derived from facts and can be made anew at any time; those that no row names are
    leftovers. `versions` are those of the lake's tables that they were made of.
    """

    city = models.ForeignKey(Bureau, models.CASCADE, related_name="+")
    codes = models.JSONField()  # of the counties that are searched together, sorted
    through = models.DateField()
    formula = models.CharField(max_length=64)  # digest of the code that made them
    versions = models.JSONField()  # "table:bureau" -> version
    files = models.JSONField()  # panel -> month -> paths below LAKE_URL
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "codes"], name="one_memory_a_share")]

    def __str__(self) -> str:
        return f"{self.city} {self.through}"
