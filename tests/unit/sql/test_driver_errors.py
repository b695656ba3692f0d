"""What the errors of the database drivers mean."""

import psycopg
import pytest
from psycopg import errors

from mechanic_adapters.sql.engine.driver_errors import DriverErrors
from mechanic_adapters.sql.schema.constraint_violations import refusals_by_constraint
from mechanic_adapters.sql.schema.metadata import METADATA, unique_constraints
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.errors import LostRace, Unavailable
from mechanic_core.inventory.part import SkuTaken


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
def test_classifies_postgresql_errors_by_sqlstate(
    error: type[Exception], refusal: type[object]
) -> None:
    """
    The SQLSTATE tells lost races, outages and mistakes in the program apart.
    """
    assert refusal is type(DriverErrors({}).refusal(error()))


def test_maps_constraint_names_and_columns_to_refusals() -> None:
    """
    A constraint's refusal is known by its name, and by its columns if it is unique.
    """
    refusals = refusals_by_constraint()

    assert EmailTaken is refusals["uq_customers_email_key"] is refusals["customers.email_key"]
    assert SkuTaken is refusals["uq_parts_sku_key"] is refusals["parts.sku_key"]
    assert LostRace is refusals["fk_tickets_vehicle_id_vehicles"]


def test_every_unique_key_that_users_choose_has_a_refusal() -> None:
    """
    Every unique constraint declares a refusal, except that a person has one account and one link.
    """
    of_people = {"accounts", "password_resets"}
    tables = [table for table in METADATA.tables.values() if table.name not in of_people]

    assert all("refusal" in rule.info for table in tables for rule in unique_constraints(table))
