"""The version of a schema, read without Alembic, which takes long to import."""

import re
from functools import cache
from importlib.resources import files
from typing import Final

from sqlalchemy import Column, MetaData, String, Table, select

VERSION_TABLE: Final = "mechanic_shop_version"
"""Where the version is stored; a host application may have an `alembic_version` of its own."""

FORMER_TABLE: Final = "alembic_version"
"""Where former releases stored it."""

VERSION_TABLES: Final = (VERSION_TABLE, FORMER_TABLE)

_VERSIONS: Final = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))

SCHEMA_VERSION: Final = select(_VERSIONS.c.version_num)

_FORM: Final = re.compile(r"[0-9]{4}")


@cache
def known() -> frozenset[str]:
    """Return the versions of all migrations, which are numbered."""
    versions = files("mechanic_adapters.sql.migrations").joinpath("versions").iterdir()
    return frozenset(file.name[:4] for file in versions if _FORM.match(file.name))


def newest() -> str:
    """Return the version of the newest migration."""
    return max(known())


def is_newer(version: str) -> bool:
    """Return whether *version* is of a later release: it continues the sequence of numbers."""
    return _FORM.fullmatch(version) is not None and version > newest()


def is_ours(version: str) -> bool:
    """Return whether *version* is of this or of a later release, and not of another program."""
    return version in known() or is_newer(version)


def is_supported(version: str | None) -> bool:
    """Return whether this program runs on *version*.

    It does on a newer one: the previous release keeps running during a deployment.
    """
    return version is not None and (version == newest() or is_newer(version))
