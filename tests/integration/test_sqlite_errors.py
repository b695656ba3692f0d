"""What the errors of SQLite mean."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.schema.constraint_violations import refusals_by_constraint
from mechanic_adapters.sql.schema.metadata import METADATA
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.errors import LostRace, Unavailable
from mechanic_core.inventory.part import SkuTaken
from mechanic_core.vehicles.vehicle import VinTaken

ERRORS = DriverErrors(refusals_by_constraint())


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file, created once."""
    file = tmp_path_factory.mktemp("shops") / "empty.db"
    engine = create_engine(f"sqlite:///{file}")
    METADATA.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture
def file(empty: Path, tmp_path: Path) -> Path:
    """This test's own copy of the file."""
    return Path(shutil.copy(empty, tmp_path / "shop.db"))


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the copy."""
    with closing(sqlite3.connect(file, timeout=0)) as connection:
        yield connection


CUSTOMER = """
    INSERT INTO customers (name, email, created_at, updated_at, version, email_key)
    VALUES ('Ada', 'a@b', '', '', 1, 'a@b')
"""
MECHANIC = """
    INSERT INTO mechanics (name, version, email, role, active, email_key)
    VALUES ('Ada', 1, 'a@b', 'mechanic', 1, 'a@b')
"""
VEHICLE = """
    INSERT INTO vehicles (customer_id, created_at, updated_at, version, vin_key)
    VALUES (1, '', '', 1, 'x')
"""
PART = """
    INSERT INTO parts (sku, name, price, unit, quantity, reserved, reorder_point, created_at,
        updated_at, version, name_key, sku_key)
    VALUES ('A', '', 0, '', 0, 0, 0, '', '', 1, '', '')
"""


@pytest.mark.parametrize(
    ("insert", "refusal"),
    [
        (CUSTOMER, EmailTaken),
        (MECHANIC, EmailTaken),
        (VEHICLE, VinTaken),
        (PART, SkuTaken),
    ],
)
def test_recognizes_unique_violations(
    connection: sqlite3.Connection, insert: str, refusal: type[Exception]
) -> None:
    """
    A violated unique constraint is recognized by the columns that SQLite names.
    """
    connection.execute(insert)
    with pytest.raises(sqlite3.IntegrityError) as caught:
        connection.execute(insert)

    assert refusal is type(ERRORS.refusal(caught.value))


def test_ignores_check_constraints(connection: sqlite3.Connection) -> None:
    """
    A violated check constraint is a mistake in the program.
    """
    with pytest.raises(sqlite3.IntegrityError) as caught:
        connection.execute(PART.replace("'A', '', 0", "'A', '', -1"))

    assert ERRORS.refusal(caught.value) is None


def test_ignores_syntax_errors(connection: sqlite3.Connection) -> None:
    """
    A syntax error is a mistake in the program.
    """
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("SELEC 1")

    assert ERRORS.refusal(caught.value) is None


def test_takes_a_locked_file_for_a_lost_race(connection: sqlite3.Connection, file: Path) -> None:
    """
    A locked file means a lost race, which is retried.
    """
    connection.execute("BEGIN IMMEDIATE")
    other = sqlite3.connect(file, timeout=0)
    with closing(other), pytest.raises(sqlite3.OperationalError) as caught:
        other.execute("BEGIN IMMEDIATE")

    assert LostRace is type(ERRORS.refusal(caught.value))


def test_takes_a_full_disk_for_unavailable(connection: sqlite3.Connection) -> None:
    """
    A full disk means that the store is unavailable.
    """
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute(CUSTOMER.replace("'Ada'", f"'{'x' * 20_000}'"))

    assert Unavailable is type(ERRORS.refusal(caught.value))


def test_takes_a_missing_file_for_unavailable(tmp_path: Path) -> None:
    """
    A file that can't be opened means that the store is unavailable.
    """
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(f"file:{tmp_path}/none.db?mode=rw", uri=True)

    assert Unavailable is type(ERRORS.refusal(caught.value))


def test_takes_a_read_only_file_for_unavailable(file: Path) -> None:
    """
    A file on a read-only file system means that the store is unavailable.
    """
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    with closing(connection), pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute(CUSTOMER)

    assert Unavailable is type(ERRORS.refusal(caught.value))
