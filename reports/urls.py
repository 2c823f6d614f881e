from django.urls import path

from reports.views import handing, lists, reports, scores, scoring, writing

app_name = "reports"
ONE = "reports/<str:month>/<slug:county>/"
SCORE = "scores/<str:month>/<slug:county>/"
urlpatterns = [
    path("reports/", lists.reports, name="reports"),
    path(ONE, reports.report, name="report"),
    path(f"{ONE}start/", writing.start, name="start"),
    path(f"{ONE}parts/<slug:key>/", writing.save, name="save"),
    path(f"{ONE}checks/", reports.checks, name="checks"),
    path(f"{ONE}figures/<slug:row>/<slug:measure>/", reports.figure, name="figure"),
    path(f"{ONE}report.pdf", reports.pdf, name="pdf"),
    path(f"{ONE}annexes.xlsx", reports.annexes, name="annexes"),
    path(f"{ONE}submissions/<int:number>/", reports.submission, name="submission"),
    path(f"{ONE}send/", handing.send, name="send"),
    path(f"{ONE}approve/", handing.approve, name="approve"),
    path(f"{ONE}send-back/", handing.send_back, name="send_back"),
    path(f"{ONE}submit/", handing.submit, name="submit"),
    path(f"{ONE}receive/", handing.receive, name="receive"),
    path(f"{ONE}return/", handing.give_back, name="return"),
    path("scores/", scores.scores, name="scores"),
    path(SCORE, scores.score, name="score"),
    path(f"{SCORE}start/", scoring.start, name="start_score"),
    path(f"{SCORE}items/<int:number>/", scoring.item, name="item"),
    path(f"{SCORE}save/", scoring.save, name="save_score"),
    path(f"{SCORE}finish/", scoring.finish, name="finish_score"),
    path(f"{SCORE}return/", scoring.give_back, name="return_score"),
    path(f"{SCORE}confirm/", scoring.confirm, name="confirm_score"),
    path(f"{SCORE}publish/", scoring.publish, name="publish_score"),
]
