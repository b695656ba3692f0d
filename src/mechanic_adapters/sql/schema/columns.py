"""The kinds of columns that tables are made of; none is null unless it says so."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Integer, Text

from mechanic_adapters.sql.schema.column_types import ID, KEY, MOMENT


def number_of_row() -> Column[int]:
    """Return the column *id*, which the database counts up."""
    return Column("id", ID, Identity(), primary_key=True)


def reference(name: str, target: str, **options: Any) -> Column[int]:
    """Return a column that names a row of *target*."""
    return Column(name, BigInteger, ForeignKey(target), **{"nullable": False, **options})


def number(name: str, **options: Any) -> Column[int]:
    """Return a column of whole numbers: amounts in their smallest units, and ids."""
    return Column(name, BigInteger, **{"nullable": False, **options})


def text(name: str, **options: Any) -> Column[str]:
    """Return a column of text that is only shown."""
    return Column(name, Text, **{"nullable": False, **options})


def key(name: str, **options: Any) -> Column[str]:
    """Return a column of text that is compared, searched or sorted."""
    return Column(name, KEY, **{"nullable": False, **options})


def moment(name: str, **options: Any) -> Column[datetime]:
    """Return a column of moments."""
    return Column(name, MOMENT, **{"nullable": False, **options})


def version() -> Column[int]:
    """Return the column that counts how often a record was saved."""
    return Column("version", Integer, nullable=False)
