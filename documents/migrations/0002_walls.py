from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_documents_first"), ("accounts", "0003_walls")]
    operations = [
        migrations.RunSQL(
            "SELECT accounts_wall('documents_storedfile')",
            "SELECT accounts_unwall('documents_storedfile')",
        )
    ]
