from django.db import migrations

KINDS = {"alerts.weekly": 86400, "alerts.supervise": 3600}


def add(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    for kind, seconds in KINDS.items():
        timetable.get_or_create(kind=kind, defaults={"every_seconds": seconds})


def remove(apps, schema_editor):
    timetable = apps.get_model("jobs", "Timetable").objects.using(schema_editor.connection.alias)
    timetable.filter(kind__in=KINDS).delete()


class Migration(migrations.Migration):
    dependencies = [("alerts", "0014_words_of_rule_versions"), ("jobs", "0001_jobs_first")]
    operations = [migrations.RunPython(add, remove)]
