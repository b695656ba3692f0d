"""What the databases' errors mean to the shop."""

import psycopg
import pytest
from psycopg import errors

from mechanic_adapters.sql.schema.constraint_violations import MEANINGS, refusal_of
from mechanic_adapters.sql.schema.tables import METADATA, unique_rules
from mechanic_core.errors import LostRace, Unavailable


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (errors.SerializationFailure, LostRace),
        (errors.DeadlockDetected, LostRace),
        (errors.LockNotAvailable, LostRace),
        (errors.QueryCanceled, Unavailable),
        (errors.AdminShutdown, Unavailable),
        (errors.CannotConnectNow, Unavailable),
        (errors.TooManyConnections, Unavailable),
        (errors.DiskFull, Unavailable),
        (errors.IoError, Unavailable),
        (errors.ReadOnlySqlTransaction, Unavailable),
        (errors.IdleInTransactionSessionTimeout, Unavailable),
        (errors.ConnectionFailure, Unavailable),
        (psycopg.OperationalError, Unavailable),
        (errors.ConnectionTimeout, Unavailable),
        (errors.UndefinedTable, type(None)),
        (errors.CheckViolation, type(None)),
        (errors.UniqueViolation, type(None)),
        (errors.InFailedSqlTransaction, type(None)),
        (psycopg.ProgrammingError, type(None)),
    ],
)
def test_sorts_the_states_of_postgresql(error: type[Exception], refusal: type[object]) -> None:
    """
    Races, absences and mistakes are told apart by their SQLSTATE.
    """
    assert refusal is type(refusal_of(error()))


def test_knows_only_names_that_there_are() -> None:
    """
    Every constraint that has a meaning stands on a table.
    """
    tables = METADATA.tables.values()
    rules = {str(rule.name) for table in tables for rule in table.constraints}
    rules |= {str(index.name) for table in tables for index in table.indexes}

    assert not MEANINGS.keys() - rules


def test_knows_every_key_that_people_choose() -> None:
    """
    Whatever must be unique, besides ids and accounts, has a meaning.
    """
    tables = [table for table in METADATA.tables.values() if table.name != "accounts"]

    assert not {name for table in tables for name in unique_rules(table)} - MEANINGS.keys()
