"""gunicorn's settings, for `make run` and for production (`gunicorn -c python:neiguan.web_server`)."""

import os
from typing import Any

os.environ["APP_BUREAUS"] = (
    ""  # before on_starting loads the settings: each request opens its own walls
)

host = os.environ.get("HOST", "127.0.0.1")
bind = f"{f'[{host}]' if ':' in host else host}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 120  # an upload of a large file
graceful_timeout = 20
certfile = os.environ.get("TLS_CERTIFICATE")
keyfile = os.environ.get("TLS_KEY")
control_socket_disable = True
accesslog = None


def on_starting(server: Any) -> None:
    """Refuse demo accounts before the first request, however the server was started."""
    import django
    from django.db import connections

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neiguan.settings")
    django.setup()
    from neiguan.guard import objection_to

    objection = objection_to(host)
    connections.close_all()  # forked workers open their own
    if objection:
        server.log.error(objection)
        raise SystemExit(3)
