"""Every way to write, each with the nouns that it writes."""

from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    new_customer,
    new_entry,
    new_mechanic,
    new_movement,
    new_part,
    new_session,
    new_ticket,
    new_token,
    new_vehicle,
)
from mechanic_core.access import Role
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.customers.customer import Customer, EmailTaken
from mechanic_core.errors import Refused
from mechanic_core.inventory.part import Part, SkuTaken
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Store, Work
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import Vehicle, VinTaken


@frozen
class Seed:
    """One record of each noun, as it is kept."""

    customer: Customer
    vehicle: Vehicle
    mechanic: Mechanic
    session: Session
    token: RefreshToken
    ticket: Ticket
    part: Part


@frozen
class Write:
    """One way to write: its name, what it does, and whom it concerns."""

    name: str
    act: Callable[[Work, Seed], object]
    noun: str


def seeded(store: Store) -> Seed:
    """Keep one record of each noun."""
    with store.begin() as work:
        customer = work.customers.add(new_customer())
        mechanic = work.mechanics.add(new_mechanic())
        work.accounts.put(
            Account(role=Role.CUSTOMER, holder_id=customer.id, password_hash="#1")  # noqa: S106 - no secret
        )
        session = new_session(customer.id)
        token = new_token(session)
        work.sessions.start(session, token)
        return Seed(
            customer=customer,
            vehicle=work.vehicles.add(new_vehicle(customer, plate="A 1")),
            mechanic=mechanic,
            session=session,
            token=token,
            ticket=work.tickets.add(new_ticket(customer, mechanic), new_entry()),
            part=work.parts.add(new_part()),
        )


def _start(work: Work, seed: Seed) -> None:
    session = new_session(seed.customer.id)
    work.sessions.start(session, new_token(session))


WRITES: Final = (
    Write("customers.add", lambda work, _: work.customers.add(new_customer()), "customers"),
    Write(
        "customers.save",
        lambda work, seed: work.customers.save(evolve(seed.customer, name="Changed")),
        "customers",
    ),
    Write(
        "vehicles.add", lambda work, seed: work.vehicles.add(new_vehicle(seed.customer)), "vehicles"
    ),
    Write(
        "vehicles.save",
        lambda work, seed: work.vehicles.save(evolve(seed.vehicle, plate="CHANGED")),
        "vehicles",
    ),
    Write("vehicles.remove", lambda work, seed: work.vehicles.remove(seed.vehicle.id), "vehicles"),
    Write(
        "vehicle_lists.erase_plates",
        lambda work, seed: work.vehicle_lists.erase_plates(seed.customer.id, LATER),
        "vehicles",
    ),
    Write("mechanics.add", lambda work, _: work.mechanics.add(new_mechanic()), "mechanics"),
    Write(
        "mechanics.save",
        lambda work, seed: work.mechanics.save(evolve(seed.mechanic, name="Changed")),
        "mechanics",
    ),
    Write(
        "accounts.put",
        lambda work, seed: work.accounts.put(
            Account(role=Role.MECHANIC, holder_id=seed.mechanic.id, password_hash="#2")  # noqa: S106 - no secret
        ),
        "accounts",
    ),
    Write(
        "accounts.remove",
        lambda work, seed: work.accounts.remove(Role.CUSTOMER, seed.customer.id),
        "accounts",
    ),
    Write("sessions.start", _start, "sessions"),
    Write(
        "sessions.rotate",
        lambda work, seed: work.sessions.rotate(
            seed.token.used(LATER), new_token(seed.session, LATER)
        ),
        "sessions",
    ),
    Write(
        "revocations.revoke",
        lambda work, seed: work.revocations.revoke(seed.session.id, LATER),
        "sessions",
    ),
    Write(
        "revocations.revoke_all",
        lambda work, seed: work.revocations.revoke_all(Role.CUSTOMER, seed.customer.id, LATER),
        "sessions",
    ),
    Write(
        "tickets.add",
        lambda work, seed: work.tickets.add(new_ticket(seed.customer), new_entry()),
        "tickets",
    ),
    Write(
        "tickets.save",
        lambda work, seed: work.tickets.save(evolve(seed.ticket, mechanics=()), new_entry()),
        "tickets",
    ),
    Write("parts.add", lambda work, _: work.parts.add(new_part()), "parts"),
    Write(
        "parts.save",
        lambda work, seed: work.parts.save([evolve(seed.part, name="Changed")]),
        "parts",
    ),
    Write(
        "ledger.write", lambda work, seed: work.ledger.write([new_movement(seed.part, 5)]), "parts"
    ),
)


CLASHES: Final[dict[str, tuple[Callable[[Work, Seed], object], type[Refused]]]] = {
    "email": (lambda work, _: work.customers.add(new_customer(email="a@b.c")), EmailTaken),
    "staff email": (lambda work, _: work.mechanics.add(new_mechanic(email="a@b.c")), EmailTaken),
    "vin": (
        lambda work, seed: work.vehicles.add(new_vehicle(seed.customer, vin="1HGCM82633A004352")),
        VinTaken,
    ),
    "sku": (lambda work, _: work.parts.add(new_part(sku="BRK-1")), SkuTaken),
}
"""What can be done once only, and how it is refused the second time."""


def snapshot(store: Store, seed: Seed) -> tuple[object, ...]:
    """Return all that the store tells, to be compared with what it tells later."""
    page = PageRequest(size=1000, counted=True)
    with store.read_only() as work:
        return (
            work.customers.find(None, page),
            work.vehicle_lists.find(VehicleFilter(), page),
            work.mechanic_lists.find(page, active_only=False),
            work.accounts.of(Role.CUSTOMER, seed.customer.id),
            work.accounts.of(Role.MECHANIC, seed.mechanic.id),
            work.revocations.revoked_since(AT),
            work.ticket_lists.find(TicketFilter(), page),
            work.histories.of(seed.ticket.id, page),
            work.parts.find(PartFilter(), page),
            work.ledger.of(seed.part.id, page),
        )
