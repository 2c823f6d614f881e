from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "sources"
    verbose_name = "数据接入"
    default_auto_field = "django.db.models.BigAutoField"
