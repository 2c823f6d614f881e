"""Personal text at rest: sealed with FIELD_KEY, opened only where it is read."""

from collections.abc import Callable
from functools import cache

import pyarrow as pa
from cryptography.fernet import Fernet
from django.conf import settings

SEALED = "gAAAA"  # how every sealed text begins


@cache
def _box(key: str) -> Fernet:
    return Fernet(key.encode())


def seal(text: str) -> str:
    """The text encrypted; empty stays empty."""
    return _box(settings.FIELD_KEY).encrypt(text.encode()).decode() if text else ""


def unseal(token: str) -> str:
    """The text that `seal` was given. Raises InvalidToken where the key is another one."""
    return _box(settings.FIELD_KEY).decrypt(token.encode()).decode() if token else ""


def seal_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A text column encrypted, each different value once; nulls stay null."""
    return _each_once(column, seal)


def unseal_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column that `seal_column` was given."""
    return _each_once(column, unseal)


def _each_once(column: pa.ChunkedArray, change: Callable[[str], str]) -> pa.ChunkedArray:
    coded = column.combine_chunks().dictionary_encode()
    values = [change(text) for text in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string()).take(coded.indices)])


def opener(key: str) -> Callable[[str | None], str | None]:
    """`unseal` that carries its key, for processes that have neither this program nor its settings.

    What is not sealed stays as it is: Spark calls a function for the rows that a CASE leaves out, too.
    """
    beginning = SEALED

    def open_one(token: str | None) -> str | None:
        from cryptography.fernet import Fernet  # there, not here

        if not token or not token.startswith(beginning):
            return token
        return Fernet(key.encode()).decrypt(token.encode()).decode()

    return open_one


def masked(text: str) -> str:
    """What a screen shows of a phone, number or name: its ends."""
    if len(text) < 5:
        return text[:1] + "*" * (len(text) - 1)
    return text[:3] + "****" + text[-2:]
