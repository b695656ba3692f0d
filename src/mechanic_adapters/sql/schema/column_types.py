"""The types of columns, alike in Python on every database."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, final

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    Integer,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine


def moment_text(moment: datetime) -> str:
    """Return *moment* as text that sorts by time, to the microsecond, in UTC."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds")


@final
class _TextMoment(TypeDecorator[datetime]):
    """A moment where the database knows no time zones."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the moment as text."""
        return None if value is None else moment_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the moment, in UTC."""
        return None if value is None else datetime.fromisoformat(value)


@final
class _Ids(TypeDecorator[list[int]]):
    """A list of ids as text: the driver's own arrays take longer, and have many types."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the list as an array of PostgreSQL or, elsewhere, as JSON."""
        listed = ",".join(map(str, value or ()))
        return f"{{{listed}}}" if dialect.name == "postgresql" else f"[{listed}]"


ID: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers its rows only where the type is spelt INTEGER."""

MOMENT: TypeEngine[datetime] = DateTime(timezone=True).with_variant(_TextMoment(), "sqlite")

KEY: TypeEngine[str] = Text(collation="C").with_variant(Text(), "sqlite")
"""Text in the order of its code points, so that an index finds what begins with something."""

IDS: Final = _Ids()
"""A list of ids, as one parameter."""


def one_of(kind: type[StrEnum], name: str) -> Enum:
    """Return the type of a text that is one of the values of *kind*, which a check keeps."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )
