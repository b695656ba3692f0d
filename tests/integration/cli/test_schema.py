"""`db`, and how other commands react to an older, a newer or an unavailable schema."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import create_engine, inspect

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.migrations.version import VERSION_TABLES
from tests.integration.cli.outcomes import CommandLine, is_one_line
from tests.integration.programs import run
from tests.integration.servers import postgres_server

WRONG: Final = [
    ("sqlite:///nodir/x.db", 2, "the folder nodir does not exist"),
    ("sqlite:///folder", 2, "folder is a folder"),
    ("sqlite:///letter.txt", 2, "letter.txt is not an SQLite database"),
    (
        "postgresql://ada:w0rd@h.invalid/shop",
        1,
        "the database at h.invalid:5432 does not answer: no host has this name",
    ),
]
"""Invalid database URLs, the exit code and the message."""

AWAY: Final = (
    "postgresql://ada:w0rd@127.0.0.1:1/shop",
    1,
    "the database at 127.0.0.1:1 does not answer: connection refused",
)
"""A database that may come back."""


def test_the_schema_goes_up_and_down(shop_cli: CommandLine, url: str) -> None:
    """
    `db` shows, upgrades and downgrades the schema.
    """
    newest = runner.newest()
    expected = {
        "current": (0, "empty\n"),
        "check": (1, ""),
        "upgrade": (0, f"{newest}\n"),
        "current ": (0, f"{newest}\n"),
        "check ": (0, f"{newest}\n"),
        "downgrade --to base": (0, "empty\n"),
        "check  ": (1, ""),
        "upgrade ": (0, f"{newest}\n"),
    }

    found = {words: shop_cli("db", *words.split(), DATABASE_URL=url) for words in expected}

    assert expected == {words: (outcome.code, outcome.out) for words, outcome in found.items()}


def test_downgrade_goes_one_step(shop_cli: CommandLine) -> None:
    """
    `downgrade` without a revision reverts the newest migration only.
    """
    shop_cli("db", "upgrade")

    found = shop_cli("db", "downgrade").out.strip()

    assert found not in (runner.newest(), "empty")


def test_an_unknown_revision_is_a_usage_error(shop_cli: CommandLine) -> None:
    """
    An unknown revision is a one-line usage error, and nothing changes.
    """
    shop_cli("db", "upgrade")

    outcome = shop_cli("db", "downgrade", "--to", "yesterday")

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert outcome.err.endswith("'yesterday'. See mechanic-shop db downgrade --help\n")
    assert 0 == shop_cli("db", "check").code


def test_a_newer_schema_can_be_started_on(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    During a rolling update the previous version starts on the new schema.
    """
    shop_cli("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "mechanic_shop.db")) as database, database:
        database.execute("UPDATE mechanic_shop_version SET version_num = '9999'")

    assert 0 == shop_cli("stock", "check").code
    assert 1 == shop_cli("db", "check").code


def test_postgres_is_never_upgraded_by_itself(
    shop_cli: CommandLine, tmp_path: Path, postgres_url: str
) -> None:
    """
    On an old schema the start fails with one line that says what to do.
    """
    checked = shop_cli("stock", "check", DATABASE_URL=postgres_url)
    served = run(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": postgres_url})

    assert (1, 1) == (checked.code, served.returncode)
    for message in (checked.err, served.stderr):
        assert is_one_line(message)
        assert "run mechanic-shop db upgrade" in message
    assert runner.current(postgres_url) is None


def test_an_empty_database_has_nothing_to_take_back(shop_cli: CommandLine, url: str) -> None:
    """
    `downgrade` of an empty database fails with a plain message.
    """
    outcome = shop_cli("db", "downgrade", DATABASE_URL=url)

    assert 1 == outcome.code
    assert is_one_line(outcome.err)
    assert "nothing to downgrade" in outcome.err


@pytest.mark.parametrize("words", ["check", "downgrade"])
def test_a_newer_schema_is_reported(shop_cli: CommandLine, tmp_path: Path, words: str) -> None:
    """
    A newer schema is neither migrated nor called old.
    """
    shop_cli("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "mechanic_shop.db")) as database, database:
        database.execute("UPDATE mechanic_shop_version SET version_num = '9999'")

    outcome = shop_cli("db", words)

    assert 1 == outcome.code
    assert is_one_line(outcome.err)
    assert "the database's schema 9999 is newer than this program" in outcome.err
    assert "9999\n" == shop_cli("db", "current").out


def test_a_newer_schema_needs_no_upgrade(shop_cli: CommandLine, url: str) -> None:
    """
    `upgrade` leaves a newer schema and says so, so that the former version's unit starts again.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLES[0]} SET version_num = '9999'")  # noqa: S608 - our own name

    outcome = shop_cli("db", "upgrade", DATABASE_URL=url)

    assert (0, "9999\n") == (outcome.code, outcome.out)
    assert is_one_line(outcome.err)
    assert outcome.err.endswith(f"which supports {runner.newest()}: nothing to upgrade\n")
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLES[0]}").scalar()  # noqa: S608 - as above
    engine.dispose()
    assert "9999" == found


UNKNOWN: Final = ["a1b2c3", "9999a", "12", "0000"]
"""Versions that are not of the shop's sequence; compared as texts some are newer."""


@pytest.mark.parametrize("words", ["stock check", "db check", "db upgrade", "db current"])
@pytest.mark.parametrize("table", VERSION_TABLES)
def test_an_unknown_version_is_refused(
    shop_cli: CommandLine, url: str, words: str, table: str
) -> None:
    """
    A version that is not the shop's is refused in one line, and not taken for a newer one.

    A former release stored it in `alembic_version`.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)
    engine = create_engine(database_url(url))
    found = []
    for version in UNKNOWN:
        with engine.begin() as connection:
            if table not in inspect(connection).get_table_names():
                connection.exec_driver_sql(f"ALTER TABLE {VERSION_TABLES[0]} RENAME TO {table}")
            connection.exec_driver_sql(f"UPDATE {table} SET version_num = '{version}'")  # noqa: S608 - our own names
        found.append(shop_cli(*words.split(), DATABASE_URL=url))
    engine.dispose()

    reason = "which is none of the shop's: is it another application's?"
    assert [
        (1, f"mechanic-shop: the database's schema has the version {version}, {reason}\n")
        for version in UNKNOWN
    ] == [(outcome.code, outcome.err) for outcome in found]


@pytest.fixture
def wrong_paths(tmp_path: Path) -> None:
    """A directory and a text file, neither of which is a database."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "letter.txt").write_text("Dear customer, " * 100)


@pytest.mark.usefixtures("wrong_paths")
@pytest.mark.parametrize(
    "command", ["check", "stock check", "db check", "db upgrade", "db recount"]
)
@pytest.mark.parametrize(("url", "code", "message"), [*WRONG, AWAY])
def test_a_wrong_database_is_reported_by_its_variable(
    shop_cli: CommandLine, command: str, url: str, code: int, message: str
) -> None:
    """
    An invalid DATABASE_URL is reported by its variable, without user name or password.
    """
    outcome = shop_cli(*command.split(), DATABASE_URL=url)

    assert (code, f"mechanic-shop: DATABASE_URL: {message}\n") == (outcome.code, outcome.err)


@pytest.mark.usefixtures("wrong_paths")
@pytest.mark.parametrize(("url", "code", "message"), WRONG)
def test_nothing_is_served_from_a_wrong_database(
    tmp_path: Path, url: str, code: int, message: str
) -> None:
    """
    `serve` fails with the same line.
    """
    served = run(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": url})

    assert (code, f"mechanic-shop: DATABASE_URL: {message}\n") == (served.returncode, served.stderr)


def test_a_rejected_login_is_reported(shop_cli: CommandLine, postgres_url: str) -> None:
    """
    A server that rejects the login is reported as such.
    """
    url = f"{postgres_url}_of_nobody"

    outcome = shop_cli("stock", "check", DATABASE_URL=url)

    assert 1 == outcome.code
    assert is_one_line(outcome.err)
    assert outcome.err.endswith(" refuses the connection: it has no such database (3D000)\n")
    assert "of_nobody" not in outcome.err


@pytest.mark.parametrize(
    ("url", "code"),
    [("postgresql://shop:w0rd@127.0.0.1:1/shop", 1), ("sqlite:///nowhere/shop.db", 2)],
)
@pytest.mark.parametrize("command", ["stock check", "db upgrade"])
def test_an_unreachable_database_is_reported(
    shop_cli: CommandLine, url: str, code: int, command: str
) -> None:
    """
    An unreachable database is a one-line error without a password.
    """
    outcome = shop_cli(*command.split(), DATABASE_URL=url, SECRET_KEY="s" * 40)

    assert code == outcome.code
    assert is_one_line(outcome.err)
    assert "internal error" not in outcome.err
    assert "w0rd" not in outcome.err


OFF: Final = "is off on the database server: a crash of its machine damages the data\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ""),
        (
            ("fsync=off", "full_page_writes=off"),
            f"mechanic-shop: fsync {OFF}mechanic-shop: full_page_writes {OFF}",
        ),
    ],
)
def test_check_warns_of_a_server_that_a_crash_damages(
    shop_cli: CommandLine, options: tuple[str, ...], expected: str
) -> None:
    """
    `db check` writes a line for each of `fsync` and `full_page_writes` that is off, and exits 0.
    """
    with postgres_server(*options) as server:
        url = server.new_database()
        runner.upgrade(url)

        outcome = shop_cli("db", "check", DATABASE_URL=url)

    assert (0, f"{runner.newest()}\n", expected) == (outcome.code, outcome.out, outcome.err)


def test_check_warns_of_nothing_on_sqlite(shop_cli: CommandLine) -> None:
    """
    `db check` of a SQLite file writes no warning.
    """
    shop_cli("db", "upgrade")

    assert "" == shop_cli("db", "check").err
