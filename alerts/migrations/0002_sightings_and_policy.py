import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0001_alerts_first'),
    ]

    operations = [
        migrations.AddField(
            model_name='night',
            name='suppressed',
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name='ruleversion',
            name='policy',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='step',
            name='error',
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='step',
            name='hits',
            field=models.IntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='night',
            name='state',
            field=models.CharField(choices=[('waiting', '等待'), ('running', '运行中'), ('found', '待分级'), ('done', '已完成'), ('failed', '失败')], default='waiting', max_length=10),
        ),
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField()),
                ('score', models.FloatField()),
                ('grade', models.CharField(choices=[('红', '红色'), ('橙', '橙色'), ('黄', '黄色'), ('蓝', '蓝色')], max_length=1)),
                ('detector', models.CharField(max_length=50)),
                ('family', models.CharField(max_length=10)),
                ('families', models.JSONField(default=list)),
                ('sentence', models.CharField(max_length=300)),
                ('listed', models.BooleanField()),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sightings', to='alerts.alert')),
            ],
        ),
        migrations.DeleteModel(
            name='Repeat',
        ),
        migrations.DeleteModel(
            name='Surprise',
        ),
        migrations.AddConstraint(
            model_name='sighting',
            constraint=models.UniqueConstraint(fields=('alert', 'on'), name='one_sighting_a_night'),
        ),
        migrations.CreateModel(
            name='Surprise',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('detector', models.CharField(max_length=50)),
                ('subject_kind', models.CharField(max_length=10)),
                ('subject_id', models.CharField(max_length=60)),
                ('surprise', models.FloatField()),
                ('link', models.CharField(blank=True, max_length=80)),
                ('sentence', models.CharField(max_length=300)),
                ('floor', models.CharField(blank=True, choices=[('红', '红色'), ('橙', '橙色'), ('黄', '黄色'), ('蓝', '蓝色')], max_length=1)),
                ('staff_concerned', models.BooleanField(default=False)),
                ('is_hit', models.BooleanField(default=False)),
                ('numbers', models.JSONField()),
                ('bureau', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.bureau')),
                ('night', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='surprises', to='alerts.night')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('night', 'detector', 'subject_kind', 'subject_id'), name='one_surprise')],
            },
        ),
    ]
