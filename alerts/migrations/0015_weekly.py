from django.db import migrations


def add(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    timetable.get_or_create(kind="alerts.weekly", defaults={"every_seconds": 86400})


def remove(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    timetable.filter(kind="alerts.weekly").delete()


class Migration(migrations.Migration):
    dependencies = [("alerts", "0014_words_of_rule_versions"), ("jobs", "0001_jobs_first")]
    operations = [migrations.RunPython(add, remove)]
