from django.urls import path

from accounts.views import calendar, notices, people, sessions, trail

app_name = "accounts"
urlpatterns = [
    path("login/", sessions.login, name="login"),
    path("logout/", sessions.logout, name="logout"),
    path("password/", sessions.password, name="password"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.read_notices, name="read_notices"),
    path("users/", people.users, name="users"),
    path("users/<slug:username>/", people.user, name="user"),
    path("users/<slug:username>/certify/", people.certify, name="certify"),
    path("users/<slug:username>/assign/", people.assign, name="assign"),
    path("users/<slug:username>/unassign/<int:number>/", people.unassign, name="unassign"),
    path("users/<slug:username>/switch/", people.switch, name="switch"),
    path("users/<slug:username>/unlock/", people.unlock, name="unlock"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/deadlines/<int:number>/", calendar.deadline, name="deadline"),
    path("audit/", trail.trail, name="trail"),
]
