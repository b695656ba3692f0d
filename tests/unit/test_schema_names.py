"""The PostgreSQL schema that a database URL names."""

import pytest

from mechanic_adapters.sql.engine.engines import database_url, schema_name
from mechanic_shop.backups.postgres import _conninfo


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", None),
        ("?schema=shop", "shop"),
        ("?schema=shop_2&sslmode=require", "shop_2"),
        ("?options=-csearch_path%3Dshop", "shop"),
        ("?options=-c%20search_path%3DShop,public", "shop"),
        ("?options=-c%20work_mem%3D8MB%20--search_path%3Dshop", "shop"),
        ("?options=-c%20search_path%3D%22$user%22,public", None),
        ("?schema=shop&options=-cwork_mem%3D8MB", "shop"),
    ],
)
def test_a_url_names_a_schema(query: str, expected: str | None) -> None:
    """
    The schema is the parameter `schema`, or the first name of the search path in `options`.
    """
    assert expected == schema_name(database_url(f"postgresql://h/db{query}"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://h/db?schema=Shop",
        "postgresql://h/db?schema=pg_shop",
        "postgresql://h/db?schema=a%22%3B%20DROP",
        "postgresql://h/db?schema=a&schema=b",
        "postgresql://h/db?schema=a&options=-csearch_path%3Db",
        "sqlite:///shop.db?schema=shop",
    ],
)
def test_a_wrong_schema_is_refused(url: str) -> None:
    """
    A name that must be quoted, a second one, and one for SQLite raise `ValueError`.
    """
    with pytest.raises(ValueError, match="schema"):
        database_url(url)


def test_the_programs_of_postgres_get_the_schema() -> None:
    """
    A connection string for libpq has the options with their spaces, and a "+" of the password.
    """
    url = database_url("postgresql://u:a+b@h/db?schema=shop&options=-cwork_mem%3D8MB")

    expected = "postgresql://u:a+b@h/db?options=-cwork_mem%3D8MB%20-csearch_path%3Dshop"
    assert expected == _conninfo(url)
