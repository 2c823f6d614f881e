"""The settings under stand-in addresses and keys, for tools that only read code (mypy, makemigrations --check)."""

import os

for _name, _value in {
    "DATABASE_URL": "postgresql://neiguan_web@/neiguan",
    "DATABASE_OWNER_URL": "postgresql://neiguan_owner@/neiguan",
    "SECRET_KEY": "only-for-tools-that-read-code",
    "HASH_KEY": "only-for-tools-that-read-code",
    "FIELD_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
}.items():
    os.environ.setdefault(_name, _value)

from neiguan.settings import *  # noqa: E402, F403 - the environment comes first
