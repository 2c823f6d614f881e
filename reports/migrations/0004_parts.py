from django.db import migrations, models

OLD = ("note", "plan", "plan_version", "sections", "self_scores")


class Migration(migrations.Migration):
    dependencies = [("reports", "0003_timetable")]
    operations = [
        migrations.AddField("monthlyreport", "parts", models.JSONField(default=dict)),
        *(migrations.RemoveField("monthlyreport", name) for name in OLD),
    ]
