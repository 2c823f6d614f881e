import datetime as dt

from django.db import migrations


def forwards(apps, schema_editor):
    rows = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    rows.create(kind="audit.checkpoint", at=dt.time(0, 10))


def backwards(apps, schema_editor):
    rows = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    rows.filter(kind="audit.checkpoint").delete()


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_jobs_first")]
    operations = [migrations.RunPython(forwards, backwards)]
