"""Is the database at the version of this code?"""

from django.db import connections
from django.db.migrations.executor import MigrationExecutor


def migrations_are_pending() -> bool:
    """Whether `migrate` has something to do; asked as the owner, before the first table exists too."""
    executor = MigrationExecutor(connections["owner"])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
