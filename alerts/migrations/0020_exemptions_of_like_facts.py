from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0019_known_numbers_and_spells")]

    operations = [
        migrations.AddField(
            model_name="exemption",
            name="floor",
            field=models.CharField(
                blank=True,
                choices=[("红", "红色"), ("橙", "橙色"), ("黄", "黄色"), ("蓝", "蓝色")],
                default="",
                max_length=1,
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="exemption",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "待审批"),
                    ("approved", "有效"),
                    ("refused", "已退回"),
                    ("ended", "已终止"),
                    ("expired", "已到期"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(model_name="exemption", name="one_live_exemption"),
        migrations.AddConstraint(
            model_name="exemption",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "approved"))),
                fields=(
                    "bureau",
                    "audience",
                    "subject_kind",
                    "subject_id",
                    "detector",
                    "other_id",
                ),
                name="one_live_exemption",
            ),
        ),
    ]
