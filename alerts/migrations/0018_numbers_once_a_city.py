"""A report's number is used once in a city; a watch keeps the length of its spells."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_named_walls"),
        ("alerts", "0017_memory_of_nights"),
    ]

    operations = [
        migrations.AddField(
            model_name="reason",
            name="city",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.bureau",
            ),
        ),
        migrations.AddField(
            model_name="reason",
            name="number",
            field=models.CharField(blank=True, default="", max_length=60),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="watch",
            name="review_days",
            field=models.PositiveSmallIntegerField(default=90),
        ),
        migrations.RemoveConstraint(model_name="alert", name="one_alert_a_reference"),
        migrations.AddConstraint(
            model_name="reason",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True),
                fields=("city", "number"),
                name="one_report_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="reason",
            constraint=models.CheckConstraint(
                condition=models.Q(("number", ""), ("city__isnull", False), _connector="OR"),
                name="a_number_is_of_a_city",
            ),
        ),
    ]
