from django.db import migrations
import datetime as dt

JOBS = {"reports.draft": dt.time(0, 30), "reports.remind": dt.time(8, 30)}


def add(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    for kind, at in JOBS.items():
        timetable.get_or_create(kind=kind, defaults={"at": at})


def remove(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    timetable.filter(kind__in=JOBS).delete()


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_walls"), ("jobs", "0001_jobs_first")]
    operations = [migrations.RunPython(add, remove)]
