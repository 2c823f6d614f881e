from django.db import migrations

TABLES = ("alerts_night", "alerts_hit", "alerts_alert")


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0004_start_nights_every_minute"),
        ("accounts", "0003_walls"),
    ]
    operations = [
        migrations.RunSQL(f"SELECT accounts_wall('{table}')", f"SELECT accounts_unwall('{table}')")
        for table in TABLES
    ]
