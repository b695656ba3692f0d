"""New records with unique values, and functions that store them."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final, TypeVar

from attrs import evolve

from mechanic_core.access import Actor, Role, SessionId
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.customers.customer import Customer
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Kind, Part
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.money import Money, Quantity
from mechanic_core.paging import PageRequest
from mechanic_core.pricing.document import Totals
from mechanic_core.pricing.line import DEFAULT_CLASSES, LineKind
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.job import Job
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.unit_of_work import Store
from mechanic_core.vehicles.odometer import OdometerReading
from mechanic_core.vehicles.vehicle import Vehicle

AT: Final = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
LATER: Final = AT + timedelta(hours=1)
DAY: Final = date(2026, 3, 14)
LIFE: Final = timedelta(days=14)
ALL: Final = PageRequest(size=1000)
NOBODY: Final = Actor()
UNKNOWN: Final = 2**62
"""An id that no store assigns during the tests."""

TOTALS: Final = Totals(
    parts=Money(1),
    labor=Money(2),
    charges=Money(-3),
    supplies=Money(4),
    discount=Money(5),
    net=Money(-6),
    tax=Money(-7),
    total=Money(-13),
)
"""Figures that are all different, and that nothing comes to."""

Line = TypeVar("Line", PartLine, LaborLine, ChargeLine)

_numbers = count(1)


def new_customer(**fields: Any) -> Customer:
    """Return a new customer."""
    email = f"customer{next(_numbers)}@example.com"
    defaults: dict[str, Any] = {"id": 0, "name": "Ada Moore", "email": email}
    return Customer(**defaults | {"created_at": AT, "updated_at": AT} | fields)


def new_vehicle(owner: Customer, **fields: Any) -> Vehicle:
    """Return a new vehicle of *owner*."""
    defaults: dict[str, Any] = {"id": 0, "customer_id": owner.id}
    return Vehicle(**defaults | {"created_at": AT, "updated_at": AT} | fields)


def new_reading(
    vehicle: Vehicle, value: int, actor: Actor = NOBODY, ticket_id: int | None = None
) -> OdometerReading:
    """Return a new odometer reading of *vehicle*."""
    return OdometerReading.of(actor, AT.date(), vehicle.id, value, ticket_id)


def new_vin() -> str:
    """Return a unique VIN."""
    return f"1HGCM82633A{next(_numbers):06}"


def new_mechanic(**fields: Any) -> Mechanic:
    """Return a new mechanic."""
    defaults: dict[str, Any] = {
        "id": 0,
        "name": "Bo Lind",
        "email": f"mechanic{next(_numbers)}@example.com",
        "updated_at": AT,
    }
    return Mechanic(**defaults | fields)


def new_part(**fields: Any) -> Part:
    """Return a new part."""
    sku = f"SKU-{next(_numbers)}"
    defaults: dict[str, Any] = {"id": 0, "sku": sku, "name": "Brake pad", "price": 1999}
    return Part(**defaults | {"created_at": AT, "updated_at": AT} | fields)


def new_ticket(
    owner: Customer, *mechanics: Mechanic, vehicle: Vehicle | None = None, **fields: Any
) -> Ticket:
    """Return a new ticket of *owner* with one job."""
    defaults: dict[str, Any] = {
        "id": 0,
        "customer_id": owner.id,
        "vehicle": TicketVehicle.of(vehicle) if vehicle else None,
        "service_date": DAY,
        "description": "Grinding noise when braking",
        "mechanics": tuple(AssignedMechanic.of(one) for one in mechanics),
        "jobs": (new_job(),),
        "created_at": AT,
        "updated_at": AT,
    }
    return Ticket(**defaults | fields)


def new_job(**fields: Any) -> Job:
    """Return a new job of a ticket."""
    return Job(**{"title": "Front brakes"} | fields)


def new_part_line(part: Part, quantity: int = 1000, **fields: Any) -> PartLine:
    """Return a new line of a ticket's new job, with *quantity* thousandths of *part*."""
    return PartLine(
        part_id=part.id,
        sku=part.sku,
        name=part.name,
        quantity=Quantity(quantity),
        unit_price=part.price,
        **fields,
    )


def new_labor_line(description: str = "Replace the pads", **fields: Any) -> LaborLine:
    """Return a new line of a ticket's new job, with labour."""
    return LaborLine(description=description, hours=Quantity(1500), rate=Money(8000), **fields)


def new_charge(kind: LineKind = LineKind.CORE, **fields: Any) -> ChargeLine:
    """Return a new charge of a ticket's new job."""
    defaults: dict[str, Any] = {
        "description": "Core deposit",
        "quantity": Quantity(1000),
        "unit_price": Money(4500),
        "tax_class": DEFAULT_CLASSES[kind],
    }
    return ChargeLine(kind=kind, **defaults | fields)


def with_ids(new: Ticket, stored: Ticket) -> Ticket:
    """Return *new* as it should come back: with the ids that *stored* has got."""
    return evolve(
        new,
        id=stored.id,
        jobs=tuple(evolve(a, id=b.id) for a, b in zip(new.jobs, stored.jobs, strict=True)),
        parts=_with_line_ids(new.parts, stored.parts, stored),
        labor=_with_line_ids(new.labor, stored.labor, stored),
        charges=_with_line_ids(new.charges, stored.charges, stored),
    )


def _with_line_ids(
    new: tuple[Line, ...], stored: tuple[Line, ...], ticket: Ticket
) -> tuple[Line, ...]:
    return tuple(
        evolve(line, id=other.id, job_id=line.job_id or ticket.jobs[-1].id)
        for line, other in zip(new, stored, strict=True)
    )


def new_entry(
    event: HistoryEvent = HistoryEvent.CHANGED, actor: Actor = NOBODY, **fields: Any
) -> Entry:
    """Return a new entry of a history."""
    return Entry.of(actor, AT, event, **fields)


def new_movement(part: Part, more: int, actor: Actor = NOBODY, **fields: Any) -> Movement:
    """Return a movement that receives or, if negative, scraps *more* thousandths of *part*."""
    kind = Kind.RECEIVE if more > 0 else Kind.SCRAP
    after = part.move(kind, Quantity(abs(more)))
    return Movement.between(part, after, kind, actor, AT, **fields)


def new_session(holder_id: int, role: Role = Role.CUSTOMER, **fields: Any) -> Session:
    """Return a new session of one person."""
    session_id = SessionId(f"session-{next(_numbers)}")
    defaults: dict[str, Any] = {
        "id": session_id,
        "role": role,
        "holder_id": holder_id,
        "started_at": AT,
    }
    return Session(**defaults | fields)


def new_token(session: Session, at: datetime = AT) -> RefreshToken:
    """Return a new refresh token of *session*, issued at *at*."""
    return RefreshToken.of(f"secret-{next(_numbers)}", session.id, at, LIFE)


def add_customer(store: Store, **fields: Any) -> Customer:
    """Add a customer in a transaction of its own."""
    with store.begin() as work:
        return work.customers.add(new_customer(**fields))


def add_vehicle(store: Store, owner: Customer, **fields: Any) -> Vehicle:
    """Add a vehicle in a transaction of its own."""
    with store.begin() as work:
        return work.vehicles.add(new_vehicle(owner, **fields))


def add_mechanic(store: Store, **fields: Any) -> Mechanic:
    """Add a mechanic in a transaction of its own."""
    with store.begin() as work:
        return work.mechanics.add(new_mechanic(**fields))


def add_part(store: Store, **fields: Any) -> Part:
    """Add a part in a transaction of its own."""
    with store.begin() as work:
        return work.parts.add(new_part(**fields))


def add_ticket(
    store: Store,
    owner: Customer,
    *mechanics: Mechanic,
    vehicle: Vehicle | None = None,
    **fields: Any,
) -> Ticket:
    """Add a ticket in a transaction of its own."""
    ticket = new_ticket(owner, *mechanics, vehicle=vehicle, **fields)
    with store.begin() as work:
        return work.tickets.add(ticket, new_entry(HistoryEvent.OPENED, to=ticket.status))


def ticket_of(store: Store) -> Ticket:
    """Add a ticket of a new customer."""
    return add_ticket(store, add_customer(store))


def add_account(store: Store, role: Role, holder_id: int, hashed: str = "#1") -> Account:
    """Add an account in a transaction of its own."""
    account = Account(role=role, holder_id=holder_id, password_hash=hashed)
    with store.begin() as work:
        work.accounts.put(account)
    return account


def add_session(store: Store, session: Session, at: datetime = AT) -> RefreshToken:
    """Start *session* with a refresh token from *at*, in a transaction of its own."""
    token = new_token(session, at)
    with store.begin() as work:
        work.sessions.start(session, token)
    return token
