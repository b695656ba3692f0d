"""Records come back as they were stored, for all valid values."""

from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.conformance.samples.records import (
    ALL,
    AT,
    add_account,
    add_customer,
    add_mechanic,
    add_part,
    add_session,
    new_customer,
    new_entry,
    new_labor_line,
    new_mechanic,
    new_movement,
    new_part,
    new_part_line,
    new_session,
    new_ticket,
    new_token,
    new_vehicle,
    with_ids,
)
from mechanic_adapters.conformance.samples.strategies import (
    fewer_examples,
    longest,
    moments,
    numbers,
    texts,
)
from mechanic_core.access import Actor, Role
from mechanic_core.accounts.account import RefreshToken
from mechanic_core.inventory.part import PartName, Sku, Unit
from mechanic_core.mechanics.mechanic import Specialty
from mechanic_core.money import Measure, Price, Quantity, Stock
from mechanic_core.tickets.lines.labor_line import Task
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Store
from mechanic_core.values import Address, Email, Name, Note, Phone, Text
from mechanic_core.vehicles.vehicle import Make, Model, Odometer, Plate, Year


def moments_in(record: Any) -> list[datetime]:
    """Return the values of *record* that are moments."""
    values = [getattr(record, field.name) for field in fields(type(record))]
    return [value for value in values if isinstance(value, datetime)]


def fields_of(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for the fields of a record."""
    return st.fixed_dictionaries(strategies)


HASH_LETTERS = st.characters(min_codepoint=0x21, max_codepoint=0x7E)


def full(declared: Any) -> str:
    """Return a text as long as the type *declared* allows, in 4-byte characters."""
    return "🔧" * longest(declared)


stamps = {"created_at": moments, "updated_at": moments}

customers = fields_of(name=texts(Name), address=st.none() | texts(Address), **stamps)
vehicles = fields_of(
    plate=st.none() | texts(Plate),
    make=st.none() | texts(Make),
    model=st.none() | texts(Model),
    year=st.none() | numbers(Year),
    odometer=st.none() | numbers(Odometer),
    **stamps,
)
mechanics = fields_of(
    name=texts(Name),
    salary=st.none() | numbers(Price),
    specialty=st.none() | texts(Specialty),
    role=st.sampled_from([Role.MECHANIC, Role.MANAGER]),
    active=st.booleans(),
)
parts = fields_of(
    name=texts(PartName),
    description=st.none() | texts(Text),
    price=numbers(Price),
    unit=texts(Unit),
    quantity=numbers(Stock),
    reserved=st.just(0),
    reorder_point=numbers(Stock),
    **stamps,
)
tickets = fields_of(
    description=texts(Text), service_date=st.dates(), status=st.sampled_from(Status), **stamps
)
entries = fields_of(
    at=moments, from_=st.none() | texts(Text), to=st.none() | texts(Text), note=texts(Note)
)
labor_lines = st.tuples(texts(Task), numbers(Measure), numbers(Price))


class TestRoundTrips:
    """Every field comes back equal: any script, any size, to the microsecond."""

    def test_stores_people_and_vehicles(self, store: Store) -> None:
        """Customers, their vehicles and mechanics come back equal."""

        @fewer_examples()
        @given(customers, vehicles, mechanics)
        def comes_back(
            customer: dict[str, Any], vehicle: dict[str, Any], mechanic: dict[str, Any]
        ) -> None:
            with store.begin() as work:
                owner = work.customers.add(new_customer(**customer))
                theirs = work.vehicles.add(new_vehicle(owner, **vehicle))
                staff = work.mechanics.add(new_mechanic(**mechanic))

            with store.read_only() as work:
                assert new_customer(**customer | {"id": owner.id, "email": owner.email}) == owner
                assert owner == work.customers.get(owner.id)
                assert new_vehicle(owner, **vehicle | {"id": theirs.id}) == theirs
                assert theirs == work.vehicles.get(theirs.id)
                assert new_mechanic(**mechanic | {"id": staff.id, "email": staff.email}) == staff
                assert staff == work.mechanics.get(staff.id)

        comes_back()

    def test_stores_parts_and_movements(self, store: Store) -> None:
        """Parts and their movements come back equal."""

        @fewer_examples()
        @given(parts, texts(Note), moments)
        def comes_back(part: dict[str, Any], note: str, at: datetime) -> None:
            with store.begin() as work:
                stored = work.parts.add(new_part(**part))
                empty = evolve(stored, quantity=Quantity(0))
                movement = evolve(new_movement(empty, stored.quantity or 1, note=note), at=at)
                (written,) = work.ledger.write([movement])

            with store.read_only() as work:
                assert new_part(**part | {"id": stored.id, "sku": stored.sku}) == stored
                assert stored == work.parts.get(stored.id)
                assert evolve(movement, id=written.id) == written
                assert (written,) == work.ledger.of(stored.id, ALL).items

        comes_back()

    def test_stores_tickets_and_histories(self, store: Store) -> None:
        """Tickets, their lines and their histories come back equal."""
        owner, part = add_customer(store), add_part(store)

        @fewer_examples()
        @given(tickets, labor_lines, numbers(Measure), entries)
        def comes_back(
            ticket: dict[str, Any], work_done: tuple[Any, ...], taken: int, entry: dict[str, Any]
        ) -> None:
            task, hours, rate = work_done
            new = new_ticket(
                owner,
                parts=(new_part_line(part, taken),),
                labor=(evolve(new_labor_line(task), hours=hours, rate=rate),),
                **ticket,
            )
            happened = evolve(new_entry(), **entry)
            with store.begin() as work:
                stored = work.tickets.add(new, happened)

            with store.read_only() as work:
                (written,) = work.histories.of(stored.id, ALL).items
                assert with_ids(new, stored) == stored == work.tickets.get(stored.id)
            assert evolve(happened, id=written.id) == written

        comes_back()

    def test_stores_sessions(self, store: Store) -> None:
        """Sessions, their tokens and password hashes come back equal."""

        @fewer_examples()
        @given(moments, st.integers(1, 10**6), st.text(HASH_LETTERS, min_size=1))
        def comes_back(at: datetime, seconds: int, password_hash: str) -> None:
            ada = add_customer(store)
            account = add_account(store, Role.CUSTOMER, ada.id, password_hash)
            session = new_session(ada.id, started_at=at)
            token = RefreshToken.of(session.id, session.id, at, timedelta(seconds=seconds))
            with store.begin() as work:
                work.sessions.start(session, token)
                work.revocations.revoke(session.id, at)

                assert (evolve(session, revoked_at=at), token) == work.sessions.lock(token.digest)
                assert session.id in work.revocations.revoked_after(0).ids
                assert account == work.accounts.of(Role.CUSTOMER, ada.id)

        comes_back()

    def test_stores_the_longest_texts_of_people(self, store: Store) -> None:
        """A text of the greatest length allowed, in 4-byte characters, comes back equal."""
        email, phone = "@example.com".rjust(longest(Email), "a"), "0" * longest(Phone)
        person = {"name": full(Name), "email": email, "phone": phone}

        with store.begin() as work:
            owner = work.customers.add(new_customer(**person, address=full(Address)))
            staff = work.mechanics.add(new_mechanic(**person, specialty=full(Specialty)))
            vehicle = work.vehicles.add(
                new_vehicle(owner, plate=full(Plate), make=full(Make), model=full(Model))
            )

        assert (full(Name), full(Address), email) == (owner.name, owner.address, owner.email)
        assert (full(Specialty), full(Model)) == (staff.specialty, vehicle.model)
        with store.read_only() as work:
            assert owner == work.customers.get(owner.id)
            assert staff == work.mechanics.get(staff.id)
            assert vehicle == work.vehicles.get(vehicle.id)

    def test_stores_the_longest_texts_of_jobs(self, store: Store) -> None:
        """The longest texts of parts, tickets, movements and histories come back equal."""
        described = {"description": full(Text), "unit": full(Unit)}
        part = add_part(store, sku=full(Sku), name=full(PartName), **described)
        new = new_ticket(
            add_customer(store),
            description=full(Text),
            parts=(new_part_line(part),),
            labor=(new_labor_line(full(Task)),),
        )
        entry = new_entry(from_=full(Text) * 2, to=full(Text) * 2, note=full(Note))

        with store.begin() as work:
            ticket = work.tickets.add(new, entry)
            (movement,) = work.ledger.write([new_movement(part, 1, note=full(Note))])

        assert (full(Sku), full(PartName)) == (ticket.parts[0].sku, ticket.parts[0].name)
        assert (full(Text), full(Task)) == (ticket.description, ticket.labor[0].description)
        with store.read_only() as work:
            assert part == work.parts.get(part.id)
            assert ticket == work.tickets.get(ticket.id)
            assert (movement,) == work.ledger.of(part.id, ALL).items
            (written,) = work.histories.of(ticket.id, ALL).items
        assert evolve(entry, id=written.id) == written
        assert full(Note) == movement.note

    def test_returns_moments_with_a_time_zone(self, store: Store) -> None:
        """No moment comes back naive."""
        owner, bo, part = add_customer(store), add_mechanic(store), add_part(store)
        vehicle, actor = new_vehicle(owner), Actor(Role.MECHANIC, bo.id)
        session = new_session(owner.id)
        token = add_session(store, session)

        with store.begin() as work:
            work.revocations.revoke(session.id, AT)
            work.sessions.rotate(token.mark_used(AT), new_token(session))
            records: list[object] = [
                work.customers.get(owner.id),
                work.vehicles.get(work.vehicles.add(vehicle).id),
                work.parts.get(part.id),
                *(work.sessions.lock(token.digest) or ()),
            ]
            ticket = work.tickets.get(work.tickets.add(new_ticket(owner), new_entry()).id)
            records += [ticket, *work.histories.of(ticket.id, ALL).items]
            work.ledger.write([new_movement(part, 1, actor)])
            records += work.ledger.of(part.id, ALL).items

        for record in records:
            found = moments_in(record)
            assert found
            assert all(moment.utcoffset() is not None for moment in found), record
