"""The web of a running copy on another day: python -m tests.browser.later PORT 2026-12-02T09:00+08:00.

Only this process believes in the other day; database, files and workers are the copy's own.
"""

import datetime as dt
import logging
import sys

import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import run

from neiguan import embedded


def main(port: str, at: str) -> None:
    embedded.ensure()
    logging.getLogger("django.server").setLevel(logging.ERROR)  # nobody reads what we would say
    with time_machine.travel(dt.datetime.fromisoformat(at), tick=True):
        from neiguan import wsgi  # noqa: F401  settings, closed walls

        run("127.0.0.1", int(port), WSGIHandler(), threading=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
