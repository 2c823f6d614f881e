"""Every module of this folder is one detector. A module without exactly one stops the program."""

import functools
import importlib
import pkgutil

from alerts.detection import Detector


@functools.cache
def all_detectors() -> tuple[type[Detector], ...]:
    """All detector classes, in the order of their keys."""
    return tuple(
        _only_detector(info.name) for info in sorted(pkgutil.iter_modules(__path__), key=str)
    )


def _only_detector(name: str) -> type[Detector]:
    module = importlib.import_module(f"{__name__}.{name}")
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Detector)
        and value.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise RuntimeError(f"{module.__name__} defines {len(own)} detectors; it must define one")
    return own[0]
