from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("audit.urls")),
    path("", include("jobs.urls")),
    path("", include("sources.urls")),
    path("", include("alerts.urls")),
    path("", include("cases.urls")),
    path("", include("reports.urls")),
]
handler404 = "accounts.views.errors.not_found"
handler403 = "accounts.views.errors.forbidden"
handler500 = "accounts.views.errors.broken"
