from django.db import migrations
from django.utils import timezone

WHY = "偏离改按实际数量衡量，原批准时的数值不能比较，请按新办法重新申请"


def end(apps, schema_editor):
    """Sizes that were logarithms cannot be doubled: what stands on them has to be asked for again."""
    exemptions = apps.get_model("alerts", "Exemption").objects.using(
        schema_editor.connection.alias
    )
    approved = exemptions.filter(state="approved")
    approved.update(state="ended", ended_why=WHY, ended_on=timezone.localdate())
    exemptions.filter(state="waiting").update(state="refused", decision=WHY)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0020_exemptions_of_like_facts")]
    operations = [migrations.RunPython(end, migrations.RunPython.noop)]
