"""Which version a schema has, found without what brings it to another."""

from importlib.resources import files
from typing import Final

from sqlalchemy import Column, MetaData, String, Table, select

_VERSIONS: Final = Table("alembic_version", MetaData(), Column("version_num", String(32)))

KEPT: Final = select(_VERSIONS.c.version_num)
"""Finds the version where Alembic keeps it."""


def newest() -> str:
    """Return the newest version that there is: migrations are numbered."""
    versions = files("mechanic_adapters.sql.migrations").joinpath("versions").iterdir()
    return max(one.name.partition("_")[0] for one in versions if one.name.endswith(".py"))
