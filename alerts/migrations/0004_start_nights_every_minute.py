from django.db import migrations


def add(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    timetable.get_or_create(kind="alerts.start_nights", defaults={"every_seconds": 60})


def remove(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    timetable.filter(kind="alerts.start_nights").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0003_rounds_and_rows_elsewhere"),
        ("jobs", "0001_jobs_first"),
    ]
    operations = [migrations.RunPython(add, remove)]
