from django.urls import path

from alerts import rule_urls
from alerts.views import alert, board, exporting, groups, hits, lists, raising, runs, steps

app_name = "alerts"
urlpatterns = [
    path("", board.board, name="board"),
    path("alerts/", lists.alerts, name="alerts"),
    path("alerts/export/", exporting.export_alerts, name="export_alerts"),
    path("alerts/claim/", steps.bulk_claim, name="bulk_claim"),
    path("alerts/new/", raising.new, name="new"),
    path("alerts/<slug:code>/", alert.alert, name="alert"),
    path("alerts/<slug:code>/claim/", steps.claim, name="claim"),
    path("alerts/<slug:code>/release/", steps.release, name="release"),
    path("alerts/<slug:code>/dismiss/", steps.dismiss, name="dismiss"),
    path("alerts/<slug:code>/reopen/", steps.reopen, name="reopen"),
    path("alerts/<slug:code>/grade/", raising.grade, name="grade"),
    path("alerts/<slug:code>/grade/<int:number>/", raising.review_grade, name="review_grade"),
    path("groups/", groups.groups, name="groups"),
    path("groups/<slug:code>/", groups.group, name="group"),
    path("groups/<slug:code>/accept/", groups.accept_group, name="accept_group"),
    path("groups/<slug:code>/reject/", groups.reject_group, name="reject_group"),
    path("groups/<slug:code>/split/", groups.split_group, name="split_group"),
    path("hits/", hits.hits, name="hits"),
    path("hits/export/", exporting.export_hits, name="export_hits"),
    path("hits/close/", hits.close_hits, name="close_hits"),
    path("hits/reopen/", hits.reopen_hits, name="reopen_hits"),
    path("runs/", runs.runs, name="runs"),
    path("runs/start/", runs.start_run, name="start_run"),
    path("runs/<str:on>/<slug:bureau>/", runs.run, name="run"),
    *rule_urls.urlpatterns,
]
