from django.urls import path

from cases.views import conclusions

app_name = "cases"
urlpatterns = [
    path("reviews/", conclusions.reviews, name="reviews"),
    path("alerts/<str:code>/conclusion/", conclusions.conclude, name="conclude"),
    path("conclusions/<str:code>/", conclusions.conclusion, name="conclusion"),
    path("conclusions/<str:code>/review/", conclusions.review, name="review"),
    path("conclusions/<str:code>/note.pdf", conclusions.note, name="note"),
]
