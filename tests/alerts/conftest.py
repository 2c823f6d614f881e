import pytest

from tests import make


@pytest.fixture
def supervisor(client):
    """A county supervisor of 451423, logged in."""
    user = make.user(name="李一")
    client.force_login_now(user)
    return user


@pytest.fixture
def log_in(client):
    """Log in as somebody with a role."""

    def enter(role, at=None):
        user = make.user(role, at=at or make.bureau())
        client.force_login_now(user)
        return user

    return enter
