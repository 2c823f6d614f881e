from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0008_revive_every_hour")]
    operations = [
        migrations.AddField(
            model_name="alert",
            name="revived_at",
            field=models.DateTimeField(blank=True, null=True),
        )
    ]
