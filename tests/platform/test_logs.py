import json
import logging
import sys
from typing import Any

from django.conf import settings


def number_of(text):
    """Fails for a text, with the text in a local variable."""
    return int(text)


def line_of(message):
    """What the handler writes for an error that was caught just now."""
    options: dict[str, Any] = dict(settings.LOGGING["formatters"]["json"])  # type: ignore[index]  # a plain dict
    formatter = options.pop("()")(**options)
    record = logging.LogRecord("jobs", logging.ERROR, __file__, 1, message, (), sys.exc_info())
    return formatter.format(record)


def test_an_event_is_one_json_line_and_its_traceback_shows_no_variables():
    people = {"phone": "13800138000"}
    try:
        number_of("x")
    except ValueError:
        line = line_of("第一行\n第二行")
    said = json.loads(line)
    assert "\n" not in line
    assert said["event"] == "第一行\n第二行"
    assert said["level"] == "error"
    assert "ValueError" in said["exception"]
    assert people["phone"] not in line
