from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_conclusion_round"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="is_callback",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_callback", False), models.Q(("note", ""), _negated=True), _connector="OR"),
                name="callback_has_a_note",
            ),
        ),
    ]
