"""The watched folder is looked at every half minute."""

from django.db import migrations


def add(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable")
    timetable.objects.using(schema_editor.connection.alias).get_or_create(
        kind="sources.scan_inbox", defaults={"every_seconds": 30}
    )


def remove(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable")
    timetable.objects.using(schema_editor.connection.alias).filter(
        kind="sources.scan_inbox"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("sources", "0002_row_hashes"), ("jobs", "0001_jobs_first")]
    operations = [migrations.RunPython(add, remove)]
