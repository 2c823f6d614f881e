from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0009_hit_note")]
    operations = [
        migrations.AddField(
            model_name="alert",
            name="revived_at",
            field=models.DateTimeField(blank=True, null=True),
        )
    ]
