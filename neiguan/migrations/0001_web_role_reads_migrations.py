from django.db import migrations


class Migration(migrations.Migration):
    """The web role may know which migrations ran, and no more."""

    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM neiguan_web",
            "GRANT INSERT, UPDATE, DELETE ON django_migrations TO neiguan_web",
        )
    ]
