"""Which function does a kind of job. Apps above register theirs with `@job` in their tasks.py."""

import importlib
from collections.abc import Callable
from typing import TypeVar

from django.apps import apps

Work = TypeVar("Work", bound=Callable[..., None])

_WORKERS: dict[str, Callable[..., None]] = {}


def job(kind: str) -> Callable[[Work], Work]:
    """Register the function that does this kind; it gets the job's args by keyword."""

    def register(work: Work) -> Work:
        if kind in _WORKERS and _WORKERS[kind] is not work:
            raise RuntimeError(f"two functions for the job kind {kind}")
        _WORKERS[kind] = work
        return work

    return register


def worker_of(kind: str) -> Callable[..., None]:
    """The function for a kind; imports every app's tasks first."""
    for config in apps.get_app_configs():
        try:
            importlib.import_module(f"{config.name}.tasks")
        except ModuleNotFoundError as error:
            if error.name != f"{config.name}.tasks":
                raise
    return _WORKERS[kind]
