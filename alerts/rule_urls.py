"""The pages of the rules: below /rules/."""

from django.urls import path

from alerts.views import rules, rules_changes, rules_shadow, rules_tests

urlpatterns = [
    path("rules/", rules.rules, name="rules"),
    path("rules/draft/", rules_changes.draft_change, name="draft_change"),
    path("rules/changes/<int:pk>/", rules_changes.change, name="change"),
    path("rules/changes/<int:pk>/test/", rules_changes.test_change, name="test_change"),
    path("rules/changes/<int:pk>/submit/", rules_changes.submit_change, name="submit_change"),
    path("rules/changes/<int:pk>/withdraw/", rules_changes.withdraw_change, name="withdraw_change"),
    path("rules/changes/<int:pk>/rebase/", rules_changes.rebase_change, name="rebase_change"),
    path("rules/changes/<int:pk>/decide/", rules_changes.decide_change, name="decide_change"),
    path("rules/changes/<int:pk>/trial/", rules_changes.switch_shadow, name="switch_shadow"),
    path("rules/changes/<int:pk>/shadow/", rules_shadow.shadow, name="shadow"),
    path("rules/tests/", rules_tests.tests, name="tests"),
    path("rules/tests/<int:pk>/", rules_tests.test, name="test"),
    path("rules/tests/<int:pk>/export/", rules_tests.export_test, name="export_test"),
    path("rules/<slug:city>/<int:number>/", rules.rule, name="rule"),
]
