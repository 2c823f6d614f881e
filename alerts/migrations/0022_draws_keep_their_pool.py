from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0021_exemptions_measured_anew")]

    operations = [
        migrations.AddField(
            model_name="draw",
            name="codes",
            field=models.JSONField(default=list),
        ),
    ]
