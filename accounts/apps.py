from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "机构与人员"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let every app say what it counts for the navigation (accounts.context.badges)."""
        autodiscover_modules("badges")
