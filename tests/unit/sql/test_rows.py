"""Rows to records and back."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from attrs import evolve, frozen
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.sql.engine.column_types import moment_text
from mechanic_adapters.sql.engine.rows import (
    gathered_rows,
    kept,
    maker,
    names_of,
    rows_text,
    values_of,
)
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.customers.customer import Customer
from mechanic_core.inventory.movement import Disagreement, Movement
from mechanic_core.inventory.part import Part
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.line import LaborLine, PartLine
from mechanic_core.tickets.ticket import AssignedMechanic, Ticket, TicketVehicle
from mechanic_core.vehicles.vehicle import Vehicle
from tests.strategies import records

RECORDS: list[type[Any]] = [
    *(Account, RefreshToken, Session, Customer, Disagreement, Movement, Part, Mechanic, Entry),
    *(LaborLine, PartLine, AssignedMechanic, Ticket, TicketVehicle, Vehicle),
]
MOMENTS = st.datetimes(timezones=st.timezones())


@given(st.sampled_from(RECORDS).flatmap(records))
def test_makes_a_record_of_its_values(record: Any) -> None:
    """
    A record put together from its values can't be told from one that its class has made.
    """
    made = maker(type(record))(values_of(record).values())

    assert record == made
    assert repr(record) == repr(made)
    assert hash(record) == hash(made)
    assert type(record) is type(made)


@given(st.sampled_from(RECORDS).flatmap(records))
def test_makes_records_that_stay_as_they_are(record: Any) -> None:
    """
    A record put together from its values can't be changed either.
    """
    made = maker(type(record))(values_of(record).values())

    with pytest.raises(FrozenInstanceError):
        setattr(made, names_of(type(record))[0], None)


@given(st.sampled_from([Customer, Part, Mechanic, Ticket, Vehicle]).flatmap(records))
def test_numbers_a_record_as_its_class_would(record: Any) -> None:
    """
    What the database gives a record makes it no other record than its class would make.
    """
    assert evolve(record, id=7, version=3) == kept(record, id=7, version=3)


def test_leaves_values_behind_the_last_field_alone() -> None:
    """
    A row may hold more than the record, a total for example.
    """

    @frozen
    class Pair:
        one: int
        other: int

    assert Pair(1, 2) == maker(Pair)([1, 2, 3])


@given(MOMENTS, MOMENTS)
def test_writes_moments_in_the_order_of_time(one: datetime, other: datetime) -> None:
    """
    Moments as text sort as the moments do, whatever their time zones.
    """
    assert (one < other) == (moment_text(one) < moment_text(other))
    assert one.astimezone(UTC) == datetime.fromisoformat(moment_text(one))


def test_sends_rows_as_json() -> None:
    """
    Moments go out in UTC and days as they are written, to the microsecond.
    """
    moment = datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2)))

    sent = rows_text([(1, "a", None, True, moment, date(2026, 3, 2))])

    assert [[1, "a", None, True, "2026-03-02 10:00:00.000000+00:00", "2026-03-02"]] == orjson.loads(
        sent
    )


def test_refuses_to_send_what_json_has_no_form_for() -> None:
    """
    A value that no column keeps is a mistake in the program.
    """
    with pytest.raises(TypeError):
        rows_text([[object()]])


@pytest.mark.parametrize(
    ("text", "rows"),
    [(None, []), ("[]", []), ('[[2, "b"], [1, "c"]]', [[1, "c"], [2, "b"]])],
)
def test_reads_gathered_rows(text: str | None, rows: list[list[Any]]) -> None:
    """
    Gathered rows come in the order of their ids; of none there is no text.
    """
    assert rows == gathered_rows(text)
