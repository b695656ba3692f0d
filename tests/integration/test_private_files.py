"""The shop's files are readable by their owner only, whatever the umask."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mechanic_adapters.sql.engine.sqlite.file import create_file
from mechanic_core.access import Actor
from mechanic_core.accounts.account import Credentials
from mechanic_core.customers.customer import Registration
from mechanic_shop.backups.backup import back_up, restore
from mechanic_shop.wiring.database import upgrade_schema
from mechanic_shop.wiring.shop import open_shop
from tests.strategies import sample

EMAIL = "ada@example.com"
PASSWORD = "a horse that nobody knows"


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """A umask: the most open one, the usual one, and one that takes the owner's rights away."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes_in(folder: Path) -> dict[str, str]:
    """Return the permissions of each file in *folder*."""
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()}


def test_the_files_of_a_shop_are_its_owners_only(tmp_path: Path, umask: int) -> None:
    """
    Database, write-ahead log, shared memory, secret and backup have mode 0600.
    """
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with (
        open_shop(url) as shop,
        closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as connection,
    ):
        shop.register_customer(Actor(), sample(Registration, email=EMAIL, password=PASSWORD))
        shop.log_in_customer(Actor(), Credentials(email=EMAIL, password=PASSWORD))
        connection.execute("UPDATE list_totals SET total = total")
        back_up(url, tmp_path / "shop.backup")
        found = modes_in(tmp_path)

    names = ("shop.db", "shop.db-wal", "shop.db-shm", "shop.secret", "shop.backup")
    assert dict.fromkeys(names, "0o600") == found


def test_a_restored_database_is_its_owners_only(tmp_path: Path, umask: int) -> None:
    """
    A database that `restore` creates has mode 0600.
    """
    upgrade_schema(f"sqlite:///{tmp_path / 'old.db'}")
    back_up(f"sqlite:///{tmp_path / 'old.db'}", tmp_path / "shop.backup")

    restore(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "shop.backup")

    assert "0o600" == modes_in(tmp_path)["new.db"]


def test_the_target_of_a_link_is_its_owners_only(tmp_path: Path, umask: int) -> None:
    """
    A database behind a symbolic link is created with mode 0600, too.
    """
    (tmp_path / "shop.db").symlink_to(tmp_path / "real.db")

    upgrade_schema(f"sqlite:///{tmp_path / 'shop.db'}")

    assert "0o600" == modes_in(tmp_path)["real.db"]


def test_an_existing_file_is_unchanged(tmp_path: Path) -> None:
    """
    A database that exists keeps the permissions that its operator has given it.
    """
    (tmp_path / "shop.db").touch()
    (tmp_path / "shop.db").chmod(0o640)

    create_file(tmp_path / "shop.db")

    assert {"shop.db": "0o640"} == modes_in(tmp_path)
