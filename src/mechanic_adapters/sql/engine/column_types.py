"""Column types with the same values in Python on every database."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, final

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, Text
from sqlalchemy.types import TypeEngine

from mechanic_adapters.sql.engine.row_mapping import moment_from_text, moment_text


@final
class _TextMoment(Text):
    """A moment stored as text, for SQLite, which has no type with a time zone."""

    def bind_processor(self, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the function that writes a moment as text."""
        return moment_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the function that reads a moment back."""
        return moment_from_text


@final
class _Ids(Text):
    """A list of ids sent as one text, which drivers send faster than their own arrays."""

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return the function that writes a PostgreSQL array or, for SQLite, a JSON array."""
        return _array_text if dialect.name == "postgresql" else json.dumps


def _array_text(ids: list[int]) -> str:
    return f"{{{','.join(map(str, ids))}}}"


ID: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""A generated id; SQLite numbers rows only where the type is spelt INTEGER."""

MOMENT: TypeEngine[datetime] = DateTime(timezone=True).with_variant(_TextMoment(), "sqlite")

KEY: TypeEngine[str] = Text(collation="C").with_variant(Text(), "sqlite")
"""Text ordered by code points, so that an index serves a search by prefix."""

IDS: Final = _Ids()


def one_of(choices: type[StrEnum], name: str | None = None) -> Enum:
    """Return the type of text that is one of *choices*, limited by a constraint of that *name*."""
    return Enum(
        choices,
        name=name,
        native_enum=False,
        create_constraint=name is not None,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )
