"""Passwords with special characters in `DATABASE_URL`."""

from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.integration.cli.outcomes import CommandLine, is_one_line

PASSWORD = "p@ss#w/rd"


@pytest.mark.parametrize("command", [("db", "current"), ("config",), ("serve", "--port", "0")])
def test_a_wrong_address_speaks_of_percent_encoding(
    shop_cli: CommandLine, command: tuple[str, ...]
) -> None:
    """
    Field report, friction: the line about the URL says how to write the password, and hides it.
    """
    refused = shop_cli(*command, DATABASE_URL=f"postgresql://shop:{PASSWORD}@127.0.0.1/shop")

    assert 0 != refused.code
    assert is_one_line(refused.err)
    assert "DATABASE_URL" in refused.err
    assert "percent-encode" in refused.err
    assert PASSWORD not in refused.err


def test_an_encoded_password_is_right(shop_cli: CommandLine, postgres_url: str) -> None:
    """
    Field report, friction: the password is accepted when it is written as the line says.
    """
    role = sql.Identifier("keeper")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(role, PASSWORD)
        )
        try:
            place = postgres_url.partition("@")[2]
            url = f"postgresql://keeper:{quote(PASSWORD, safe='')}@{place}"
            upgraded = shop_cli("db", "upgrade", DATABASE_URL=url)
        finally:
            connection.execute(sql.SQL("REASSIGN OWNED BY {} TO postgres").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))

    assert (0, "") == (upgraded.code, upgraded.err)
