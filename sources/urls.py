from django.urls import path

from sources.views import imports, profiles, retailers

app_name = "sources"
urlpatterns = [
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:number>/", imports.import_batch, name="import_batch"),
    path("imports/<int:number>/rejects.xlsx", imports.rejects, name="rejects"),
    path("profile/", profiles.profile, name="profile"),
    path("retailers/", retailers.retailers, name="retailers"),
    path("retailers/<str:code>/", retailers.retailer, name="retailer"),
    path("retailers/<str:code>/unmask/", retailers.unmask, name="unmask"),
]
