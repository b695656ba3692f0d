"""The version of a schema, read without Alembic, which takes long to import."""

from importlib.resources import files
from typing import Final

from sqlalchemy import Column, MetaData, String, Table, select

_VERSIONS: Final = Table("alembic_version", MetaData(), Column("version_num", String(32)))

SCHEMA_VERSION: Final = select(_VERSIONS.c.version_num)


def newest() -> str:
    """Return the version of the newest migration; they are numbered."""
    versions = files("mechanic_adapters.sql.migrations").joinpath("versions").iterdir()
    return max(file.name.partition("_")[0] for file in versions if file.name.endswith(".py"))
