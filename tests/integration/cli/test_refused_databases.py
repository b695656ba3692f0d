"""A server that refuses: each reason has its own line at the start."""

import secrets
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from tests.integration.cli.outcomes import ADD, CommandLine, is_one_line
from tests.integration.programs import run

REASONS: Mapping[str, str] = {
    "password": "wrong credentials (28P01)",
    "database": "no such database (3D000)",
    "tls": "TLS",
    "rights": "missing rights (42501), permission denied for ",
    "address": "does not answer: connection refused",
}
"""What is wrong, and what its line says."""


@pytest.fixture
def wrong_urls(postgres_url: str) -> Mapping[str, str]:
    """URLs of what the server refuses."""
    name = postgres_url.rpartition("/")[2]
    role, password = f"guest_{name}", secrets.token_hex(8)
    owner = postgres_url.partition("://")[2].partition("@")[0]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
    return {
        "password": postgres_url.replace(owner, "postgres:w0rd"),
        "database": f"{postgres_url}_of_nobody",
        "tls": f"{postgres_url}?sslmode=require",
        "rights": postgres_url.replace(owner, f"{role}:{password}"),
        "address": "postgresql://ada:w0rd@127.0.0.1:1/shop",
    }


def test_each_reason_has_its_own_line(shop_cli: CommandLine, wrong_urls: Mapping[str, str]) -> None:
    """
    A wrong password, a missing database, refused TLS and missing rights are told apart.
    """
    lines = {}
    for reason, url in wrong_urls.items():
        outcome = shop_cli("db", "upgrade", DATABASE_URL=url)
        assert 1 == outcome.code
        assert is_one_line(outcome.err)
        assert outcome.err.startswith("mechanic-shop: DATABASE_URL: the database at 127.0.0.1:")
        lines[reason] = outcome.err
        for secret in url.partition("://")[2].partition("@")[0].split(":"):
            assert secret not in outcome.err.replace("postgresql", "")

    assert len(REASONS) == len({*lines.values()})
    for reason, words in REASONS.items():
        assert words in lines[reason]


@pytest.mark.parametrize("reason", ["rights", "database"])
def test_serve_says_it_too(
    tmp_path: Path,
    shop_cli: CommandLine,
    postgres_url: str,
    wrong_urls: Mapping[str, str],
    reason: str,
) -> None:
    """
    `serve` ends with the same line when the role may not read the tables.
    """
    shop_cli("db", "upgrade", DATABASE_URL=postgres_url)

    served = run(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": wrong_urls[reason]})

    assert 1 == served.returncode
    assert is_one_line(served.stderr)
    assert REASONS[reason] in served.stderr


@pytest.mark.parametrize("words", ["db sweep", "events", " ".join(ADD)])
def test_a_command_that_writes_says_why_it_failed(
    shop_cli: CommandLine, postgres_url: str, words: str
) -> None:
    """
    On a server that takes no writes the line has the place, the cause and its SQLSTATE.
    """
    name = postgres_url.rpartition("/")[2]
    shop_cli("db", "upgrade", DATABASE_URL=postgres_url)
    shop_cli(*ADD, "--password-stdin", given="correct horse\n", DATABASE_URL=postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    given = {"given": "correct horse\n", "DATABASE_URL": postgres_url}
    outcome = shop_cli(*words.split(), *(["--password-stdin"] if "staff" in words else []), **given)

    assert 1 == outcome.code
    assert is_one_line(outcome.err)
    assert outcome.err.startswith("mechanic-shop: DATABASE_URL: the database at 127.0.0.1:")
    assert outcome.err.endswith(" cannot be used: read only (25006)\n")


def test_a_command_does_without_the_replica(
    shop_cli: CommandLine, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A replica that is away is told in a line that a person understands, and nothing fails.
    """
    urls = {"DATABASE_URL": postgres_url, "DATABASE_REPLICA_URL": "postgresql://127.0.0.1:1/shop"}
    shop_cli("db", "upgrade", **urls)

    outcome = shop_cli("staff", "list", **urls)

    assert 0 == outcome.code
    assert "the replica is down" in {record.message for record in caplog.records}
