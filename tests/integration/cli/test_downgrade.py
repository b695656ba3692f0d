"""`db downgrade` deletes no data unasked."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mechanic_adapters.sql.migrations import runner
from mechanic_shop.demo.throwaway_shop import fill_shop
from mechanic_shop.settings.settings import Settings
from tests.integration.cli.outcomes import ADD, CommandLine, is_one_line

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)


def count(file: Path, table: str) -> int:
    """Return the number of rows of *table* in a SQLite file."""
    with closing(sqlite3.connect(file)) as database:
        (number,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
    return int(number)


def test_invoices_are_not_deleted_unasked(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    One step back from a shop with invoices is refused, with the rows that would be lost.
    """
    file = tmp_path / "mechanic_shop.db"
    fill_shop(Settings(database_url=f"sqlite:///{file}", secret_key="s" * 32), NOW)
    expected = {name: count(file, name) for name in ("invoices", "payments", "refunds")}

    refused = shop_cli("db", "downgrade", "--to", "0026")

    assert (1, "") == (refused.code, refused.out)
    assert is_one_line(refused.err)
    assert all(f" {name} ({number})" in refused.err for name, number in expected.items())
    assert " tickets (" not in refused.err
    assert refused.err.endswith("make a backup, then give --force to delete them\n")
    assert expected == {name: count(file, name) for name in expected}
    assert 0 == shop_cli("db", "check").code


@pytest.mark.parametrize(
    ("to", "lost", "left"),
    [("base", " mechanics (1)", "empty"), ("0019", " mechanics.words (1)", "0019")],
)
def test_tables_and_columns_with_data_need_force(
    shop_cli: CommandLine, url: str, to: str, lost: str, left: str
) -> None:
    """
    A table with a row and a column with a value are named, and dropped with `--force` only.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)
    shop_cli(*ADD, "--password-stdin", given="correct horse\n", DATABASE_URL=url)

    refused = shop_cli("db", "downgrade", "--to", to, DATABASE_URL=url)
    kept = shop_cli("db", "current", DATABASE_URL=url).out
    forced = shop_cli("db", "downgrade", "--to", to, "--force", DATABASE_URL=url)

    assert (1, True) == (refused.code, is_one_line(refused.err))
    assert lost in refused.err
    assert f"{runner.newest()}\n" == kept
    assert (0, f"{left}\n", "") == (forced.code, forced.out, forced.err)


def test_what_has_no_data_is_dropped(shop_cli: CommandLine, url: str) -> None:
    """
    A downgrade that loses nothing needs no `--force`, although other tables have rows.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)
    shop_cli(*ADD, "--password-stdin", given="correct horse\n", DATABASE_URL=url)

    outcome = shop_cli("db", "downgrade", "--to", "0026", DATABASE_URL=url)

    assert (0, "0026\n", "") == (outcome.code, outcome.out, outcome.err)


def test_an_unknown_version_is_no_loss(shop_cli: CommandLine) -> None:
    """
    An unknown version is a usage error, with and without `--force`.
    """
    shop_cli("db", "upgrade")

    outcomes = [shop_cli("db", "downgrade", "--to", "later", *force) for force in ([], ["--force"])]

    assert [2, 2] == [outcome.code for outcome in outcomes]
    assert outcomes[0].err == outcomes[1].err


def test_the_help_says_so(shop_cli: CommandLine) -> None:
    """
    `--help` says that data are deleted, and by which option.
    """
    text = shop_cli("db", "downgrade", "--help").out

    assert "DELETES the data" in text
    assert "--force" in text
