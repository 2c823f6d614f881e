"""The second wall around what belongs to a bureau."""

from django.db import migrations

TABLES = ["sources_batch", "sources_retailer"]


class Migration(migrations.Migration):
    dependencies = [("sources", "0003_watched_folder"), ("accounts", "0003_walls")]
    operations = [
        migrations.RunSQL(f"SELECT accounts_wall('{table}')", f"SELECT accounts_unwall('{table}')")
        for table in TABLES
    ]
