"""The second wall around registered seizures; a registration is never rewritten nor deleted."""

from django.db import migrations

STANDING = """
REVOKE DELETE ON sources_seizure FROM neiguan_web;
REVOKE UPDATE, DELETE ON sources_seizedcode FROM neiguan_web;
"""
LOOSE = """
GRANT DELETE ON sources_seizure TO neiguan_web;
GRANT UPDATE, DELETE ON sources_seizedcode TO neiguan_web;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0006_seizures"), ("accounts", "0003_walls")]
    operations = [
        migrations.RunSQL(
            "SELECT accounts_wall('sources_seizure')", "SELECT accounts_unwall('sources_seizure')"
        ),
        migrations.RunSQL(STANDING, LOOSE),
    ]
