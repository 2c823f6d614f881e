import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ["APP_BUREAUS"] = ""  # each request opens its own walls
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neiguan.settings")
PROXIES = int(os.environ.get("PROXIES", "0"))  # how many of our own stand before this server
_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, told the visitor's address instead of the proxy's (the audit trail and the lock-out need it)."""
    passed = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if PROXIES and len(passed) >= PROXIES:
        environ["REMOTE_ADDR"] = passed[-PROXIES].strip() or environ.get("REMOTE_ADDR", "")
    return _django(environ, start_response)
