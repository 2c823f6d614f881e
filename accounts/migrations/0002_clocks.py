"""The clocks of the field and the State Council's calendar, as rows that a bureau may change."""

import datetime as dt

from django.db import migrations

# what, grade, unit, amount
RULES = [
    ("alert.claim", "红", "office_hours", 2),
    ("alert.claim", "橙", "working_days", 0),
    ("alert.claim", "黄", "working_days", 1),
    ("alert.claim", "蓝", "weekly", 5),
    ("alert.phone", "红", "working_days", 0),
    ("alert.phone", "橙", "working_days", 1),
    ("alert.phone", "黄", "working_days", 3),
    ("alert.phone", "蓝", "weekly", 5),
    ("alert.field", "红", "working_days", 2),
    ("alert.field", "橙", "working_days", 3),
    ("alert.conclude", "红", "working_days", 5),
    ("alert.conclude", "橙", "working_days", 7),
    ("alert.conclude", "黄", "working_days", 10),
    ("alert.conclude", "蓝", "day_of_month", 0),
    ("alert.consult", "红", "office_hours", 4),
    ("alert.escalated_receive", "", "working_days", 1),
    ("alert.escalated_answer", "", "working_days", 3),
    ("rectification.receive", "", "working_days", 1),
    ("rectification.plan", "", "working_days", 3),
    ("rectification.reply", "", "working_days", 10),
    ("rectification.verify", "", "working_days", 5),
    ("inquiry.reply", "", "working_days", 3),
    ("complaint.transfer", "", "working_days", 0),
    ("complaint.contact", "", "working_days", 1),
    ("complaint.reply", "", "working_days", 7),
    ("complaint.reply_12345", "", "working_days", 5),
    ("complaint.complex", "", "working_days", 15),
    ("clue.preliminary", "", "working_days", 10),
    ("clue.investigate", "", "working_days", 30),
    ("clue.extension", "", "working_days", 15),
    ("digest.weekly", "", "weekly", 5),
    ("flash.first", "", "hours", 1),
    ("flash.written", "", "hours", 24),
    ("report.monthly", "", "day_of_month", 3),
    ("report.receive", "", "day_of_month", 5),
    ("report.score", "", "day_of_month", 8),
    ("report.appeal", "", "working_days", 2),
    ("report.confirm", "", "day_of_month", 12),
]


def forwards(apps, schema_editor):
    import chinese_calendar

    rule = apps.get_model("accounts", "DeadlineRule")
    for what, grade, unit, amount in RULES:
        rule.objects.using(schema_editor.connection.alias).create(
            what=what, grade=grade, unit=unit, amount=amount
        )
    names = {
        "New Year's Day": "元旦",
        "Spring Festival": "春节",
        "Tomb-sweeping Day": "清明节",
        "Labour Day": "劳动节",
        "Dragon Boat Festival": "端午节",
        "National Day": "国庆节",
        "Mid-autumn Festival": "中秋节",
    }
    holiday = apps.get_model("accounts", "Holiday")
    day, last = dt.date(2024, 1, 1), dt.date(2026, 12, 31)
    while day <= last:
        off, name = chinese_calendar.get_holiday_detail(day)
        usual = day.weekday() >= 5
        if off != usual:
            holiday.objects.using(schema_editor.connection.alias).create(
                on=day,
                is_working=not off,
                name=names.get(name or "", "节假日") if off else "调休上班",
            )
        day += dt.timedelta(days=1)


def backwards(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model("accounts", "DeadlineRule").objects.using(alias).all().delete()
    apps.get_model("accounts", "Holiday").objects.using(alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_accounts_first")]
    operations = [migrations.RunPython(forwards, backwards)]
