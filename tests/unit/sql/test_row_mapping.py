"""Rows to records and back."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from attrs import evolve, frozen
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.sql.engine.row_mapping import (
    field_names,
    field_values,
    json_rows,
    json_text,
    moment_from_text,
    moment_text,
    record_maker,
    values_reader,
    values_text,
    with_values,
)
from mechanic_core.access import By
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.customers.customer import Customer
from mechanic_core.inventory.movement import Disagreement, Movement
from mechanic_core.inventory.part import Part
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.document import Totals
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.job import NO_TOTALS
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.vehicles.vehicle import Vehicle
from tests.strategies import records

RECORDS: list[type[Any]] = [
    *(Account, RefreshToken, Session, Customer, Disagreement, Movement, Part, Mechanic, Entry),
    *(LaborLine, PartLine, AssignedMechanic, Ticket, TicketVehicle, Vehicle),
]
MOMENTS = st.datetimes(timezones=st.timezones())


@given(st.sampled_from(RECORDS).flatmap(records))
def test_a_made_record_equals_one_that_its_class_made(record: Any) -> None:
    """
    A record made of its values is equal to one that its class has made.
    """
    made = record_maker(type(record))(field_values(record).values())

    assert record == made
    assert repr(record) == repr(made)
    assert hash(record) == hash(made)
    assert type(record) is type(made)


@given(st.sampled_from(RECORDS).flatmap(records))
def test_a_made_record_is_frozen(record: Any) -> None:
    """
    A record made of its values is frozen too.
    """
    made = record_maker(type(record))(field_values(record).values())

    with pytest.raises(FrozenInstanceError):
        setattr(made, field_names(type(record))[0], None)


@given(st.sampled_from([Customer, Part, Mechanic, Ticket, Vehicle]).flatmap(records))
def test_sets_id_and_version_as_evolve_would(record: Any) -> None:
    """
    A record with an id and version of the database equals one that attrs evolves.
    """
    assert evolve(record, id=7, version=3) == with_values(record, id=7, version=3)


def test_ignores_values_after_the_last_field() -> None:
    """
    A row may have more columns than the record, such as a total.
    """

    @frozen
    class Pair:
        one: int
        other: int

    assert Pair(1, 2) == record_maker(Pair)([1, 2, 3])


@given(records(Totals), records(Discount))
def test_values_as_text_come_back(totals: Totals, discount: Discount) -> None:
    """
    A record comes back from its values as text, and None as what the reader has in its place.
    """
    read_totals, read_discount = values_reader(Totals, NO_TOTALS), values_reader(Discount, None)

    assert (totals, discount) == (
        read_totals(values_text(totals)),
        read_discount(values_text(discount)),
    )
    assert (NO_TOTALS, None) == (read_totals(values_text(None)), read_discount(values_text(None)))


@given(records(Entry))
def test_values_of_a_record_in_a_field_have_the_names_of_columns(entry: Entry) -> None:
    """
    The actor of an entry is in the columns that begin with *by_*.
    """
    values = field_values(entry, by=By)

    assert (entry.by.role, entry.by.id) == (values["by_role"], values["by_id"])
    assert field_values(entry).items() <= values.items()


@given(records(Ticket))
def test_a_field_without_a_record_has_none_for_each_value(ticket: Ticket) -> None:
    """
    The columns of the vehicle are NULL on a ticket without one.
    """
    values = field_values(evolve(ticket, vehicle=None), vehicle=TicketVehicle)

    assert [None] * 7 == [values[f"vehicle_{name}"] for name in field_names(TicketVehicle)]


@given(MOMENTS, MOMENTS)
def test_moments_as_text_sort_by_time(one: datetime, other: datetime) -> None:
    """
    Moments as text sort as the moments do, whatever their time zones.
    """
    texts = [str(moment_text(moment)) for moment in (one, other)]

    assert (one < other) == (texts[0] < texts[1])
    assert one.astimezone(UTC) == moment_from_text(texts[0])


def test_writes_rows_as_json() -> None:
    """
    Moments are written in UTC to the microsecond, and dates in ISO 8601.
    """
    moment = datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2)))

    sent = json_text([(1, "a", None, True, moment, date(2026, 3, 2))])

    assert [[1, "a", None, True, "2026-03-02 10:00:00.000000+00:00", "2026-03-02"]] == orjson.loads(
        sent
    )


def test_rejects_types_without_a_json_form() -> None:
    """
    A value that no column stores is a mistake in the program.
    """
    with pytest.raises(TypeError):
        json_text([[object()]])


@pytest.mark.parametrize(
    ("text", "rows"),
    [(None, []), ("[]", []), ('[[2, "b"], [1, "c"]]', [[1, "c"], [2, "b"]])],
)
def test_reads_json_rows_by_id(text: str | None, rows: list[list[Any]]) -> None:
    """
    JSON rows are sorted by id; NULL reads as no rows.
    """
    assert rows == json_rows(text)
