from django.db import migrations


def add(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    timetable.get_or_create(kind="alerts.revive_watched", defaults={"every_seconds": 3600})


def remove(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    timetable.filter(kind="alerts.revive_watched").delete()


class Migration(migrations.Migration):
    dependencies = [("alerts", "0007_handling"), ("jobs", "0001_jobs_first")]
    operations = [migrations.RunPython(add, remove)]
