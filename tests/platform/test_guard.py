import pytest

from accounts.models import User
from neiguan.guard import is_loopback, objection_to


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("neiguan.example", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host, answer):
    assert is_loopback(host) is answer


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("debug", "host", "reason"),
    [
        (True, "127.0.0.1", ""),
        (True, "0.0.0.0", "监听地址 0.0.0.0"),
        (False, "127.0.0.1", "DEBUG=0"),
    ],
)
def test_demo_accounts_stay_on_this_machine_and_out_of_production(settings, debug, host, reason):
    settings.DEBUG = debug
    assert objection_to(host) == ""
    User.objects.create(username="lz-neiguan", name="演示", is_demo=True)
    assert reason in objection_to(host)
    assert bool(objection_to(host)) is bool(reason)
