"""Alembic's environment: runs migrations on the runner's connection.

Each has a transaction of its own, or all share the runner's if it has one.
"""

from alembic import context

from mechanic_adapters.sql.migrations.version import VERSION_TABLE
from mechanic_adapters.sql.schema.metadata import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,  # for its naming convention
    version_table=VERSION_TABLE,
    transaction_per_migration=True,
    compare_server_default=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
