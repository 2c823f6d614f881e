"""What stood before: the first report of each number keeps it; a watch goes on for its first spell."""

import re
import unicodedata

from django.db import migrations

SPELLS = """
UPDATE alerts_watch SET review_days = CASE
    WHEN reviewed_on IS NULL AND review_on - since BETWEEN 1 AND 366 THEN review_on - since
    WHEN measure = 'special' AND made_by_id IS NULL THEN 180
    ELSE 90
END
"""


def folded(reference):
    text = unicodedata.normalize("NFKC", reference).casefold()
    return re.sub("[\u2010-\u2015\u2212]+", "-", re.sub(r"\s+", "", text))[:60]


def keep_numbers(apps, schema_editor):
    schema_editor.execute("SELECT set_config('app.bureaus', 'all', true)")
    reasons = apps.get_model("alerts", "Reason").objects.using(schema_editor.connection.alias)
    used = set()
    told = reasons.filter(numbers__reference__isnull=False).exclude(numbers__reference="")
    for reason in told.select_related("alert__bureau__parent").order_by("pk").iterator():
        bureau = reason.alert.bureau
        city = bureau.parent if bureau.level == "county" and bureau.parent else bureau
        key = city.pk, folded(str(reason.numbers["reference"]))
        if key[1] and key not in used:
            used.add(key)
            reason.city, reason.number = city, key[1]
            reason.save(update_fields=["city", "number"])


def forget_numbers(apps, schema_editor):
    reasons = apps.get_model("alerts", "Reason").objects.using(schema_editor.connection.alias)
    reasons.exclude(number="").update(number="", city=None)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0018_numbers_once_a_city")]

    operations = [
        migrations.RunPython(keep_numbers, forget_numbers),
        migrations.RunSQL(
            ["SELECT set_config('app.bureaus', 'all', true)", SPELLS], migrations.RunSQL.noop
        ),
    ]
