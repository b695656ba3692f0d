"""The MetaData that holds all tables, and its naming convention for constraints.

Columns are named like the fields of the records that they store. Columns that end in ``_key``
hold text in the normalized form in which it is compared. Columns that end in ``words`` hold a JSON
array of the words that the row is found by. A constraint that users
can violate says what that means: ``info={"refusal": VinTaken}``.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, MetaData, Table, UniqueConstraint
from sqlalchemy.sql import visitors
from sqlalchemy.sql.schema import SchemaItem

from mechanic_adapters.sql.engine.column_types import KEY

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def record_table(name: str, *items: SchemaItem, **options: Any) -> Table:
    """Return a table with generated ids, none of which is reused after a deletion."""
    return Table(name, METADATA, *items, sqlite_autoincrement=True, **options)


def word_index(name: str, subjects: str) -> Table:
    """Return a word index: each word that a row of the table *subjects* is found by.

    Triggers write it, when the columns of *subjects* with the words change.
    """
    subject = ForeignKey(f"{subjects}.id", ondelete="CASCADE")
    return Table(
        name,
        METADATA,
        Column("word", KEY, primary_key=True),
        Column("subject_id", BigInteger, subject, primary_key=True),
        Index(None, "subject_id", "word"),
        sqlite_with_rowid=False,
    )


def unique_constraints(table: Table) -> tuple[UniqueConstraint | Index, ...]:
    """Return the unique constraints and unique indexes of *table*, without its primary key."""
    return (
        *(index for index in table.indexes if index.unique),
        *(rule for rule in table.constraints if isinstance(rule, UniqueConstraint)),
    )


def deciding_columns(unique: UniqueConstraint | Index) -> list[str]:
    """Return the columns that decide whether rows collide: with those of a partial index's condition."""
    where = unique.dialect_options["postgresql"]["where"] if isinstance(unique, Index) else None
    conditions = () if where is None else visitors.iterate(where)
    columns = (*unique.columns, *(one for one in conditions if isinstance(one, Column)))
    return [column.name for column in columns]
