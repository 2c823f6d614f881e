from django.urls import path

from sources.views import columns, imports, profiles, retailers, seizures

app_name = "sources"
urlpatterns = [
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:number>/", imports.import_batch, name="import_batch"),
    path("imports/<int:number>/rejects.xlsx", imports.rejects, name="rejects"),
    path("imports/<int:number>/columns/", columns.columns, name="columns"),
    path("imports/<int:number>/again/", columns.import_again, name="import_again"),
    path("profile/", profiles.profile, name="profile"),
    path("seizures/", seizures.seizures, name="seizures"),
    path("seizures/register/", seizures.register_seizure, name="register_seizure"),
    path("seizures/decode/", seizures.decode, name="decode"),
    path("seizures/<int:number>/", seizures.seizure, name="seizure"),
    path("seizures/<int:number>/photo/", seizures.seizure_photo, name="seizure_photo"),
    path("seizures/<int:number>/withdraw/", seizures.withdraw, name="withdraw_seizure"),
    path("retailers/", retailers.retailers, name="retailers"),
    path("retailers/<str:code>/", retailers.retailer, name="retailer"),
    path("retailers/<str:code>/unmask/", retailers.unmask, name="unmask"),
]
