from django.urls import path

from jobs import views

app_name = "jobs"
urlpatterns = [
    path("health/", views.health, name="health"),
    path("health/live/", views.live, name="live"),
    path("health/ready/", views.ready, name="ready"),
    path("health/<uuid:number>/revive/", views.revive, name="revive"),
]
