from django.db import migrations

TABLES = (
    "alerts_backtest",
    "alerts_rulechange",
    "alerts_flood",
    "alerts_group",
    "alerts_exemption",
    "alerts_marketevent",
    "alerts_watch",
    "alerts_task",
    "alerts_lesson",
    "alerts_draw",
)


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0011_rules_and_people"),
        ("accounts", "0003_walls"),
    ]
    operations = [
        migrations.RunSQL(f"SELECT accounts_wall('{table}')", f"SELECT accounts_unwall('{table}')")
        for table in TABLES
    ]
