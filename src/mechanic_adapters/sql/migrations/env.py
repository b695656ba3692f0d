"""Alembic's environment: runs migrations on the runner's connection, in its transaction."""

from alembic import context

from mechanic_adapters.sql.schema.metadata import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,  # for its naming convention
    compare_server_default=True,
    render_as_batch=True,
)
context.run_migrations()
