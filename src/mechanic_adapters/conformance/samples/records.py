"""Records to keep: each new one differs from the others where it must."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final

from mechanic_core.access import Actor, Role, SessionId
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.customers.customer import Customer
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Kind, Part
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.money import Money, Quantity
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.history import Entry, Event
from mechanic_core.tickets.line import LaborLine, PartLine
from mechanic_core.tickets.ticket import AssignedMechanic, Ticket, TicketVehicle
from mechanic_core.unit_of_work import Store
from mechanic_core.vehicles.vehicle import Vehicle

AT: Final = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
LATER: Final = AT + timedelta(hours=1)
DAY: Final = date(2026, 3, 14)
LIFE: Final = timedelta(days=14)
ALL: Final = PageRequest(size=1000)
NOBODY: Final = Actor()
UNKNOWN: Final = 2**62
"""An id that no store has come to yet."""

_numbers = count(1)


def new_customer(**told: Any) -> Customer:
    """Return a customer to be kept."""
    email = f"customer{next(_numbers)}@example.com"
    given: dict[str, Any] = {"id": 0, "name": "Ada Moore", "email": email}
    return Customer(**given | {"created_at": AT, "updated_at": AT} | told)


def new_vehicle(owner: Customer, **told: Any) -> Vehicle:
    """Return a vehicle of *owner*'s to be kept."""
    given: dict[str, Any] = {"id": 0, "customer_id": owner.id}
    return Vehicle(**given | {"created_at": AT, "updated_at": AT} | told)


def new_vin() -> str:
    """Return a VIN that no other sample has."""
    return f"1HGCM82633A{next(_numbers):06}"


def new_mechanic(**told: Any) -> Mechanic:
    """Return a mechanic to be kept."""
    given: dict[str, Any] = {
        "id": 0,
        "name": "Bo Lind",
        "email": f"mechanic{next(_numbers)}@example.com",
    }
    return Mechanic(**given | told)


def new_part(**told: Any) -> Part:
    """Return a part to be kept."""
    sku = f"SKU-{next(_numbers)}"
    given: dict[str, Any] = {"id": 0, "sku": sku, "name": "Brake pad", "price": 1999}
    return Part(**given | {"created_at": AT, "updated_at": AT} | told)


def new_ticket(
    owner: Customer, *mechanics: Mechanic, vehicle: Vehicle | None = None, **told: Any
) -> Ticket:
    """Return a ticket of *owner*'s to be kept."""
    given: dict[str, Any] = {
        "id": 0,
        "customer_id": owner.id,
        "vehicle": TicketVehicle.of(vehicle) if vehicle else None,
        "service_date": DAY,
        "description": "Grinding noise when braking",
        "mechanics": tuple(AssignedMechanic(id=one.id, name=one.name) for one in mechanics),
        "created_at": AT,
        "updated_at": AT,
    }
    return Ticket(**given | told)


def new_part_line(part: Part, quantity: int = 1000) -> PartLine:
    """Return a new line of a ticket with *quantity* thousandths of *part*."""
    return PartLine(
        part_id=part.id,
        sku=part.sku,
        name=part.name,
        quantity=Quantity(quantity),
        unit_price=part.price,
    )


def new_labor_line(
    description: str = "Replace the pads", mechanic_id: int | None = None
) -> LaborLine:
    """Return a new line of a ticket with labour."""
    return LaborLine(
        mechanic_id=mechanic_id,
        description=description,
        hours=Quantity(1500),
        rate=Money(8000),
    )


def new_entry(event: Event = Event.CHANGED, actor: Actor = NOBODY, **told: Any) -> Entry:
    """Return a line of a history to be kept."""
    return Entry.of(actor, AT, event, **told)


def new_movement(part: Part, more: int, actor: Actor = NOBODY, **told: Any) -> Movement:
    """Return what receives or, for less, scraps *more* thousandths of *part*."""
    kind = Kind.RECEIVE if more > 0 else Kind.SCRAP
    after = part.move(kind, Quantity(abs(more)))
    return Movement.between(part, after, kind, actor, AT, **told)


def new_session(holder_id: int, role: Role = Role.CUSTOMER, **told: Any) -> Session:
    """Return a session of one person to be kept."""
    session_id = SessionId(f"session-{next(_numbers)}")
    given: dict[str, Any] = {
        "id": session_id,
        "role": role,
        "holder_id": holder_id,
        "started_at": AT,
    }
    return Session(**given | told)


def new_token(session: Session, at: datetime = AT) -> RefreshToken:
    """Return a refresh token of *session*, handed out at *at*, to be kept."""
    return RefreshToken.of(f"secret-{next(_numbers)}", session.id, at, LIFE)


def add_customer(store: Store, **told: Any) -> Customer:
    """Keep a customer in a transaction of their own."""
    with store.begin() as work:
        return work.customers.add(new_customer(**told))


def add_vehicle(store: Store, owner: Customer, **told: Any) -> Vehicle:
    """Keep a vehicle in a transaction of its own."""
    with store.begin() as work:
        return work.vehicles.add(new_vehicle(owner, **told))


def add_mechanic(store: Store, **told: Any) -> Mechanic:
    """Keep a mechanic in a transaction of their own."""
    with store.begin() as work:
        return work.mechanics.add(new_mechanic(**told))


def add_part(store: Store, **told: Any) -> Part:
    """Keep a part in a transaction of its own."""
    with store.begin() as work:
        return work.parts.add(new_part(**told))


def add_ticket(
    store: Store, owner: Customer, *mechanics: Mechanic, vehicle: Vehicle | None = None, **told: Any
) -> Ticket:
    """Keep a ticket in a transaction of its own."""
    ticket = new_ticket(owner, *mechanics, vehicle=vehicle, **told)
    with store.begin() as work:
        return work.tickets.add(ticket, new_entry(Event.OPENED, to=ticket.status))


def add_account(store: Store, role: Role, holder_id: int, hashed: str = "#1") -> Account:
    """Keep an account in a transaction of its own."""
    account = Account(role=role, holder_id=holder_id, password_hash=hashed)
    with store.begin() as work:
        work.accounts.put(account)
    return account


def add_session(store: Store, session: Session, at: datetime = AT) -> RefreshToken:
    """Keep *session* with a first token from *at*, in a transaction of its own."""
    token = new_token(session, at)
    with store.begin() as work:
        work.sessions.start(session, token)
    return token
