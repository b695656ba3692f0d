"""A wrong place never looks healthy: no command takes an empty database for the shop."""

from pathlib import Path
from typing import Final

import pytest

from mechanic_adapters.sql.migrations import runner
from tests.integration.cli.outcomes import CommandLine, is_one_line
from tests.integration.programs import run

OF_A_SHOP: Final = (
    "check",
    "stock check",
    "db recount",
    "db recount --mend",
    "db sweep",
    "events",
    "customer export --id 1",
    "copy --to sqlite:///other.db",
    "backup shop.backup",
    "staff list",
    "staff reset --email grace@example.com --password-stdin",
)
"""Commands that are of use for a shop that exists."""

SECRET: Final = "s" * 48
PRODUCTION: Final = {"APP_ENV": "production", "SECRET_KEY": SECRET}


@pytest.mark.parametrize("words", OF_A_SHOP)
@pytest.mark.parametrize("file", [None, "empty.db"])
def test_no_command_makes_an_empty_shop(
    shop_cli: CommandLine, tmp_path: Path, words: str, file: str | None
) -> None:
    """
    Where there is no shop, or an empty file, the command fails, and makes none.
    """
    place = {"DATABASE_URL": f"sqlite:///{file}"} if file else {}
    if file:
        (tmp_path / file).touch()
    before = {path.name: path.stat().st_size for path in tmp_path.iterdir()}

    outcome = shop_cli(*words.split(), given="correct horse\n", **place)

    assert 1 == outcome.code
    assert is_one_line(outcome.err)
    assert (file or "mechanic_shop.db") in outcome.err
    assert before == {path.name: path.stat().st_size for path in tmp_path.iterdir()}


@pytest.mark.parametrize("words", [*OF_A_SHOP, "db upgrade", "db current", "db check"])
def test_production_names_its_database(shop_cli: CommandLine, tmp_path: Path, words: str) -> None:
    """
    In production no command falls back to a file in the working directory.
    """
    outcome = shop_cli(*words.split(), given="correct horse\n", **PRODUCTION)

    expected = "mechanic-shop: DATABASE_URL is required in production\n"
    assert (2, expected) == (outcome.code, outcome.err)
    assert [] == [*tmp_path.iterdir()]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_production_serves_no_database_of_its_own(tmp_path: Path, workers: str) -> None:
    """
    `serve` does not start in production without a database.
    """
    served = run(tmp_path, "serve", "--port", "0", "--workers", workers, env=PRODUCTION)

    assert 2 == served.returncode
    assert "mechanic-shop: DATABASE_URL is required in production\n" in served.stderr
    assert [] == [*tmp_path.iterdir()]


def test_a_database_without_a_shop_is_not_backed_up(
    shop_cli: CommandLine, tmp_path: Path, postgres_url: str
) -> None:
    """
    A backup of an empty database is refused, before anything is written.
    """
    outcome = shop_cli("backup", "shop.backup", DATABASE_URL=postgres_url)

    assert 1 == outcome.code
    assert is_one_line(outcome.err)
    assert "does not contain a shop" in outcome.err
    assert [] == [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "words", ["db check", "stock check", "staff list", "copy --to sqlite:///s"]
)
def test_a_place_without_a_shop_is_named(
    shop_cli: CommandLine, tmp_path: Path, postgres_url: str, words: str
) -> None:
    """
    The line names the place before it says how a shop is created there, so a wrong one is seen.
    """
    server, _, name = postgres_url.partition("@")[2].partition("/")
    there = f"the database {name} at {server}"
    places = {
        f"there is no shop in {there}: ": postgres_url,
        f"there is no shop in schema desk of {there}: ": f"{postgres_url}?schema=desk",
        "there is no shop in none.db: ": "sqlite:///none.db",
    }

    for beginning, url in places.items():
        outcome = shop_cli(*words.split(), DATABASE_URL=url)

        assert 1 == outcome.code
        assert is_one_line(outcome.err)
        assert outcome.err.startswith(f"mechanic-shop: {beginning}set DATABASE_URL")
        assert outcome.err.endswith("run mechanic-shop db upgrade\n")
    assert [] == [*tmp_path.iterdir()]


def test_a_backup_names_the_folder_that_is_missing(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    A backup that cannot be written names its folder, not a temporary file.
    """
    shop_cli("db", "upgrade")

    outcome = shop_cli("backup", "backups/shop")

    folder = tmp_path / "backups"
    expected = f"mechanic-shop: {folder}: No such file or directory\n"
    assert (1, expected) == (outcome.code, outcome.err)
    assert not folder.exists()


def test_an_old_shop_is_upgraded(shop_cli: CommandLine) -> None:
    """
    A shop of a former version is one: its file is upgraded as before.
    """
    runner.upgrade("sqlite:///mechanic_shop.db")
    shop_cli("db", "downgrade")

    checked = shop_cli("stock", "check")

    assert (0, "all balances match the ledger\n") == (checked.code, checked.out)
    assert f"{runner.newest()}\n" == shop_cli("db", "current").out
