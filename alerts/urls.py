from django.urls import path

from alerts.views import alert, board, exporting, hits, lists, runs, steps

app_name = "alerts"
urlpatterns = [
    path("", board.board, name="board"),
    path("alerts/", lists.alerts, name="alerts"),
    path("alerts/export/", exporting.export_alerts, name="export_alerts"),
    path("alerts/claim/", steps.bulk_claim, name="bulk_claim"),
    path("alerts/<slug:code>/", alert.alert, name="alert"),
    path("alerts/<slug:code>/claim/", steps.claim, name="claim"),
    path("alerts/<slug:code>/release/", steps.release, name="release"),
    path("alerts/<slug:code>/dismiss/", steps.dismiss, name="dismiss"),
    path("alerts/<slug:code>/reopen/", steps.reopen, name="reopen"),
    path("hits/", hits.hits, name="hits"),
    path("hits/export/", exporting.export_hits, name="export_hits"),
    path("hits/close/", hits.close_hits, name="close_hits"),
    path("hits/reopen/", hits.reopen_hits, name="reopen_hits"),
    path("runs/", runs.runs, name="runs"),
    path("runs/start/", runs.start_run, name="start_run"),
    path("runs/<str:on>/<slug:bureau>/", runs.run, name="run"),
]
