"""What a ticket and a customer may have at most: bounds that no shop's work reaches."""

from collections.abc import Callable

import pytest
from attrs import evolve

from mechanic_adapters.memory.repositories.tickets import TICKETS
from mechanic_core.inventory.part import PartId
from mechanic_core.money import Percent, Quantity
from mechanic_core.pricing.bounds import MAX_LINES
from mechanic_core.pricing.discounts import Scope, TicketDiscount
from mechanic_core.tickets.bounds import MAX_ENTRIES, MAX_JOBS, MAX_UNFINISHED, TooMany
from mechanic_core.tickets.forms import DiscountsForm, TicketDraft
from mechanic_core.tickets.job import Job, JobDraft, JobId
from mechanic_core.tickets.lines.charge import ChargeForm, ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine, LaborLineForm
from mechanic_core.tickets.lines.line import LineId
from mechanic_core.tickets.lines.part_line import PartLine, PartLineForm
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from tests.shops import CUSTOMER, MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import Premises

REGULAR = TicketDiscount(scope=Scope.ALL, percent=Percent(100_000), reason="Regular")


def store(premises: Premises, ticket: Ticket) -> Ticket:
    """Store a ticket as it is, whatever its version."""
    with premises.store.begin() as work:
        work.tickets._tables[TICKETS].put(ticket.id, ticket)  # type: ignore[attr-defined] # the memory store's
    return ticket


def with_many_entries(premises: Premises, *statuses: Status, short_of: int = 0) -> Ticket:
    """Return a ticket whose history is full, or a few entries *short_of* it."""
    ticket = premises.go(premises.open(), *statuses)
    return store(premises, evolve(ticket, version=MAX_ENTRIES - short_of))


def test_a_ticket_has_at_most_200_lines_of_a_kind(premises: Premises) -> None:
    """
    One part line, labour line or charge more is `too-many`; the others can be changed and removed.
    """
    ticket = premises.open()
    job = sample(Job, id=JobId(1))
    ids = [{"id": LineId(1 + n), "job_id": job.id} for n in range(MAX_LINES)]
    full = evolve(
        ticket,
        jobs=(job,),
        parts=tuple(sample(PartLine, part_id=PartId(1), **one) for one in ids),
        labor=tuple(sample(LaborLine, **one) for one in ids),
        charges=tuple(sample(ChargeLine, **one) for one in ids),
    )
    store(premises, full)

    with pytest.raises(TooMany) as too_many_parts:
        premises.shop.add_part_line(MECHANIC, ticket.id, sample(PartLineForm, part_id=1))
    with pytest.raises(TooMany) as too_much_labor:
        premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm, mechanic_id=None))
    with pytest.raises(TooMany) as too_many_charges:
        premises.shop.add_charge(MECHANIC, ticket.id, sample(ChargeForm))
    premises.shop.change_labor_line(
        MECHANIC, ticket.id, LineId(1), lambda form: evolve(form, hours=Quantity(1))
    )
    premises.shop.remove_labor_line(MECHANIC, ticket.id, LineId(2))

    for refused in (too_many_parts.value, too_much_labor.value, too_many_charges.value):
        assert ("too-many", {"limit": 200}) == (refused.code, refused.facts)
    assert MAX_LINES - 1 == len(premises.read(ticket).labor)


def test_a_ticket_has_at_most_50_jobs(premises: Premises) -> None:
    """
    One job more is `too-many`; the others can be changed.
    """
    ticket = premises.open()
    jobs = [premises.shop.add_job(MECHANIC, ticket.id, sample(JobDraft)) for _ in range(MAX_JOBS)]

    with pytest.raises(TooMany) as refused:
        premises.shop.add_job(MECHANIC, ticket.id, sample(JobDraft))
    last = jobs[-1].id
    premises.shop.change_job(MECHANIC, ticket.id, last, lambda form: evolve(form, title="Last"))

    assert ("too-many", {"limit": 50}) == (refused.value.code, refused.value.facts)
    assert ["Last"] == [one.title for one in premises.read(ticket).jobs[49:]]


CHANGES: dict[str, Callable[[Premises, Ticket], object]] = {
    "details": lambda premises, ticket: premises.shop.change_ticket(
        MECHANIC, ticket.id, lambda form: evolve(form, description="Rattles")
    ),
    "mechanics": lambda premises, ticket: premises.edit(ticket, leave=(2,)),
    "labor": lambda premises, ticket: premises.shop.add_labor_line(
        MECHANIC, ticket.id, sample(LaborLineForm, mechanic_id=None)
    ),
    "part": lambda premises, ticket: premises.shop.add_part_line(
        MECHANIC, ticket.id, sample(PartLineForm, part_id=1, quantity=Quantity(1))
    ),
    "charge": lambda premises, ticket: premises.shop.add_charge(
        MECHANIC, ticket.id, sample(ChargeForm)
    ),
    "job": lambda premises, ticket: premises.shop.add_job(MECHANIC, ticket.id, sample(JobDraft)),
    "discounts": lambda premises, ticket: premises.shop.replace_discounts(
        MECHANIC, ticket.id, DiscountsForm(items=(REGULAR,))
    ),
    "hold": lambda premises, ticket: premises.go(ticket, Status.ON_HOLD),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_ticket_has_at_most_10_000_history_entries(premises: Premises, name: str) -> None:
    """
    The change after the 10,000th entry is `too-many`, whatever it changes.
    """
    ticket = with_many_entries(premises, Status.IN_PROGRESS, short_of=1)
    CHANGES[name](premises, ticket)

    full = with_many_entries(premises, Status.IN_PROGRESS)
    with pytest.raises(TooMany) as refused:
        CHANGES[name](premises, full)

    assert {"limit": 10_000} == refused.value.facts
    assert full == premises.read(full)


def test_a_ticket_with_a_full_history_can_still_be_finished(premises: Premises) -> None:
    """
    It can be completed and closed, or cancelled, but not reopened.
    """
    completed = premises.go(with_many_entries(premises, Status.IN_PROGRESS), Status.COMPLETED)
    with pytest.raises(TooMany):
        premises.go(completed, Status.IN_PROGRESS)

    assert Status.CLOSED is premises.go(completed, Status.CLOSED).status
    cancelled = premises.go(with_many_entries(premises), Status.CANCELLED)
    assert Status.CANCELLED is cancelled.status


def test_a_customer_has_at_most_500_unfinished_tickets(premises: Premises) -> None:
    """
    One more is `too-many` until one is finished; reopening one counts, other customers do not.
    """
    tickets = [premises.open() for _ in range(MAX_UNFINISHED)]

    with pytest.raises(TooMany) as refused:
        premises.open()
    with pytest.raises(TooMany):
        premises.shop.open_ticket(CUSTOMER, sample(TicketDraft, vehicle_id=1))
    premises.open(customer_id=2)
    done = premises.go(tickets[0], Status.IN_PROGRESS, Status.COMPLETED)
    premises.open()
    with pytest.raises(TooMany):
        premises.go(done, Status.IN_PROGRESS)

    assert ("too-many", {"limit": 500}) == (refused.value.code, refused.value.facts)
    premises.go(tickets[1], Status.CANCELLED)
    assert Status.IN_PROGRESS is premises.go(done, Status.IN_PROGRESS).status
