"""Triggers that refuse every change of a table but an addition."""

from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres


def guard(table: str, *unique: str) -> None:
    """Create the triggers of a new *table*, which has an id; *unique* are other columns of a key.

    PostgreSQL fires no DELETE trigger for TRUNCATE, and SQLite none for a row that is replaced.
    """
    if is_postgres():
        for name, changes in (
            ("is_append_only", "UPDATE OR DELETE"),
            ("refuses_truncate", "TRUNCATE"),
        ):
            op.execute(
                f"CREATE OR REPLACE TRIGGER {table}_{name} BEFORE {changes} ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    same = "id = NEW.id"
    if unique:
        same += f" OR {' AND '.join(f'{column} = NEW.{column}' for column in unique)}"
    known = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - our own names
    for name, change in (
        ("update", "UPDATE ON {table}"),
        ("delete", "DELETE ON {table}"),
        ("replace", f"INSERT ON {{table}} {known}"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{name} BEFORE {change.format(table=table)} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        )
