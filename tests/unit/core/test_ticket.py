"""The ticket record: lines, mechanics, totals, and when it can be changed."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from attrs import evolve

from mechanic_core.access import Actor, By, Role
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Problem, RuleBroken, Unknown
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.money import Percent, Quantity
from mechanic_core.pricing.discounts import Scope, TicketDiscount
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic, MechanicHasLabor
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.job import NEW_JOB, Job, JobHasLines, JobId, JobNotFound
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketFrozen, TicketStarted
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, Status
from tests.strategies import NOON, sample

BRAKES, SERVICE = sample(Job, id=JobId(4)), sample(Job, id=JobId(5), title="Oil service")
PART = sample(PartLine, id=LineId(1), job_id=BRAKES.id)
LABOR = sample(LaborLine, id=LineId(1), job_id=BRAKES.id)
CORE = sample(ChargeLine, id=LineId(1), job_id=BRAKES.id)
REGULAR = TicketDiscount(scope=Scope.ALL, percent=Percent(100_000), reason="Regular")
BOB = AssignedMechanic(id=MechanicId(2), name="Bob")
CY = AssignedMechanic(id=MechanicId(3), name="Cy")
GONE = AssignedMechanic(id=MechanicId(4), name="Di", active=False)
FULL = sample(
    Ticket,
    jobs=(BRAKES, SERVICE),
    parts=(PART,),
    labor=(LABOR,),
    charges=(CORE,),
    mechanics=(BOB,),
)

CHANGES: dict[str, Callable[[Ticket], Ticket]] = {
    "describe": lambda t: t.with_details("Noise", t.service_date, None, NOON),
    "give to another": lambda t: t.with_customer(CustomerId(t.customer_id + 1), NOON),
    "join": lambda t: t.with_mechanics((CY,), (), NOON),
    "leave": lambda t: t.with_mechanics((), (BOB.id,), NOON),
    "stay": lambda t: t.with_mechanics((BOB,), (), NOON),
    "add a part": lambda t: t.with_line(sample(PartLine), NOON),
    "change a part": lambda t: t.with_line(evolve(PART, quantity=Quantity(1)), NOON),
    "remove a part": lambda t: t.without_line(PART, NOON),
    "add labour": lambda t: t.with_line(sample(LaborLine), NOON),
    "change labour": lambda t: t.with_line(evolve(LABOR, hours=Quantity(1)), NOON),
    "remove labour": lambda t: t.without_line(LABOR, NOON),
    "add a charge": lambda t: t.with_line(sample(ChargeLine), NOON),
    "remove a charge": lambda t: t.without_line(CORE, NOON),
    "add a job": lambda t: t.with_job(sample(Job), NOON),
    "remove a job": lambda t: t.without_job(SERVICE.id, NOON),
    "give a discount": lambda t: t.with_discounts((REGULAR,), NOON),
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("change", CHANGES)
def test_a_completed_ticket_cannot_be_changed(change: str, status: Status) -> None:
    """
    Lines, mechanics and details can be changed before completion only.
    """
    ticket = evolve(FULL, status=status)

    if status in EDITABLE_STATUSES:
        CHANGES[change](ticket)
    else:
        with pytest.raises(TicketFrozen, match=f"the ticket is {status.value}") as refused:
            CHANGES[change](ticket)
        assert {"current_state": status.value} == refused.value.facts


def test_a_new_line_is_last_and_a_changed_one_keeps_its_position() -> None:
    """
    Changing a line does not move it; adding one moves no other.
    """
    second = evolve(PART, id=LineId(2), quantity=Quantity(2000))
    new = sample(PartLine, job_id=SERVICE.id)
    ticket = evolve(FULL, parts=(PART, second))
    more = evolve(PART, quantity=Quantity(9000))

    assert (more, second) == ticket.with_line(more, NOON).parts
    assert (PART, second, new) == ticket.with_line(new, NOON).parts
    assert (PART,) == ticket.without_line(second, NOON).parts
    assert ticket.parts == ticket.with_line(new, NOON).without_line(new, NOON).parts


def test_labour_lines_and_charges_keep_their_positions_too() -> None:
    """
    Labour lines and charges are added, changed and removed like part lines.
    """
    longer, returned = evolve(LABOR, hours=Quantity(9000)), evolve(CORE, quantity=Quantity(-1))
    new, fee = sample(LaborLine, job_id=SERVICE.id), sample(ChargeLine, job_id=SERVICE.id)

    assert (returned,) == FULL.with_line(returned, NOON).charges
    assert (CORE, fee) == FULL.with_line(fee, NOON).charges
    assert () == FULL.without_line(CORE, NOON).charges

    assert (longer,) == FULL.with_line(longer, NOON).labor
    assert (LABOR, new) == FULL.with_line(new, NOON).labor
    assert () == FULL.without_line(LABOR, NOON).labor


def test_a_single_line_has_the_version_of_its_ticket() -> None:
    """
    A line that is returned by itself has the ticket's version; among its lines it has none.
    """
    seen = evolve(FULL, version=7)
    lines = (seen.line(PartLine, PART.id), seen.line(LaborLine, LABOR.id))
    charge, job = seen.line(ChargeLine, CORE.id), seen.job(SERVICE.id)

    assert (7, 7, 7, 7) == tuple(one.version for one in (*lines, charge, job))
    assert (PART, LABOR, CORE, SERVICE) == (*lines, charge, job)
    assert (0,) == tuple(line.version for line in seen.with_line(charge, NOON).charges)
    assert (0, 0) == tuple(one.version for one in seen.with_job(job, NOON).jobs)
    assert (0,) == tuple(line.version for line in seen.with_line(lines[0], NOON).parts)
    assert (0,) == tuple(line.version for line in seen.with_line(lines[1], NOON).labor)


def test_unchanged_details_return_the_same_ticket() -> None:
    """
    The timestamp stays when nothing changes.
    """
    present = (FULL.description, FULL.service_date, FULL.vehicle)

    assert FULL is FULL.with_details(*present, NOON + timedelta(hours=1))


def test_an_unknown_line_is_not_found() -> None:
    """
    The id of another ticket's line is not found.
    """
    for miss in (
        lambda: FULL.line(PartLine, LineId(9)),
        lambda: FULL.line(LaborLine, LineId(9)),
        lambda: FULL.line(ChargeLine, LineId(9)),
        lambda: FULL.without_line(evolve(PART, id=LineId(9)), NOON),
        lambda: FULL.without_line(evolve(LABOR, id=LineId(9)), NOON),
        lambda: FULL.without_line(evolve(CORE, id=LineId(9)), NOON),
    ):
        with pytest.raises(LineNotFound):
            miss()


def test_mechanics_are_unique_and_ordered_by_id() -> None:
    """
    Adding an assigned mechanic or removing another changes nothing.
    """
    renamed = evolve(BOB, name="Robert")

    assert (BOB, CY) == FULL.with_mechanics((CY, renamed), (99,), NOON).mechanics
    assert (CY,) == FULL.with_mechanics((CY,), (BOB.id,), NOON).mechanics
    assert FULL is FULL.with_mechanics((BOB,), (99,), NOON)


@pytest.mark.parametrize("status", Status)
def test_only_an_unstarted_ticket_is_removed(status: Status) -> None:
    """
    A ticket with lines, or once started, must be cancelled instead, unless it is already.
    """
    empty = sample(Ticket, status=status)
    lined = (
        evolve(empty, parts=(PART,)),
        evolve(empty, labor=(LABOR,)),
        evolve(empty, charges=(CORE,)),
    )
    refused = [(one, False) for one in lined] + [(empty, True)]
    planned = evolve(empty, jobs=(BRAKES,), discounts=(REGULAR,))

    assert NOON == planned.mark_removed(NOON, started=False).removed_at
    assert NOON == empty.mark_removed(NOON, started=False).removed_at
    for ticket, started in refused:
        with pytest.raises(TicketStarted) as found:
            ticket.mark_removed(NOON, started=started)
        assert (status in EDITABLE_STATUSES) == found.value.detail.endswith(": cancel it")
        assert {"current_state": status.value} == found.value.facts


def test_a_mechanic_with_labour_stays_on_the_ticket() -> None:
    """
    F3: who has a labour line cannot be taken off, whoever else is; without the line they can.
    """
    credited = evolve(LABOR, mechanic_id=BOB.id)
    ticket = evolve(FULL, mechanics=(BOB, CY), labor=(credited,))

    with pytest.raises(MechanicHasLabor) as refused:
        ticket.with_mechanics((), (CY.id, BOB.id), NOON)

    assert {"mechanic_ids": [BOB.id]} == refused.value.facts
    assert (BOB,) == ticket.with_mechanics((), (CY.id,), NOON).mechanics
    freed = ticket.with_line(evolve(credited, mechanic_id=CY.id), NOON)
    assert (CY,) == freed.with_mechanics((), (BOB.id,), NOON).mechanics
    assert (CY,) == evolve(ticket, mechanics=(CY,)).with_mechanics((), (BOB.id,), NOON).mechanics


@pytest.mark.parametrize("mechanic_id", [CY.id, GONE.id, MechanicId(99)])
def test_labour_is_done_by_an_active_mechanic_of_the_ticket(mechanic_id: MechanicId) -> None:
    """
    F13: a line names neither who is not on the ticket nor who has left, unless it did before.
    """
    ticket = evolve(FULL, mechanics=(BOB, GONE))
    line = sample(LaborLine, mechanic_id=mechanic_id)

    for new in (line, evolve(line, id=LABOR.id)):
        with pytest.raises(RuleBroken, match="#/mechanic_id: must be an active mechanic"):
            ticket.with_line(new, NOON)

    before = evolve(LABOR, mechanic_id=mechanic_id)
    longer = evolve(before, hours=Quantity(9000))
    assert (longer,) == evolve(ticket, labor=(before,)).with_line(longer, NOON).labor
    anybody = evolve(before, mechanic_id=None)
    assert (anybody,) == evolve(ticket, labor=(before,)).with_line(anybody, NOON).labor


def test_the_first_line_makes_the_first_job() -> None:
    """
    A ticket without a job gets one with the title that its description gives.
    """
    ticket = sample(Ticket, description="  \n\tGrinds.\tLoudly.\nOnly when wet")

    for after in (
        ticket.with_line(sample(PartLine), NOON),
        ticket.with_line(sample(LaborLine), NOON),
        ticket.with_line(sample(ChargeLine), NOON),
    ):
        assert (Job(title="Grinds. Loudly."),) == after.jobs
        assert [NEW_JOB] == [one.job_id for one in (*after.parts, *after.labor, *after.charges)]


def test_a_line_without_a_job_goes_to_the_first_one() -> None:
    """
    A line that names a job goes there, and one that names none to the first.
    """
    somewhere = sample(PartLine, job_id=SERVICE.id)

    assert BRAKES.id == FULL.with_line(sample(PartLine), NOON).parts[-1].job_id
    assert SERVICE.id == FULL.with_line(somewhere, NOON).parts[-1].job_id
    assert SERVICE.id == FULL.with_line(evolve(PART, job_id=SERVICE.id), NOON).parts[0].job_id
    assert FULL.jobs == FULL.with_line(somewhere, NOON).jobs


def test_a_line_cannot_go_to_a_job_of_another_ticket() -> None:
    """
    The id of a job that is not on the ticket is unknown, also where there is none.
    """
    elsewhere = JobId(99)

    for ticket in (FULL, sample(Ticket)):
        for add in (
            partial(ticket.with_line, sample(PartLine, job_id=elsewhere)),
            partial(ticket.with_line, sample(LaborLine, job_id=elsewhere)),
            partial(ticket.with_line, sample(ChargeLine, job_id=elsewhere)),
        ):
            with pytest.raises(Unknown) as refused:
                add(NOON)
            assert [Problem("#/job_id", "does not exist")] == list(refused.value.problems)


def test_all_that_is_wrong_with_a_labour_line_is_reported() -> None:
    """
    A mechanic who is not on the ticket and a job that is not are reported together.
    """
    line = sample(LaborLine, job_id=JobId(99), mechanic_id=CY.id)

    with pytest.raises(RuleBroken) as refused:
        FULL.with_line(line, NOON)

    assert ["#/mechanic_id", "#/job_id"] == [one.pointer for one in refused.value.problems]


def test_a_job_without_lines_is_removed() -> None:
    """
    A job with a line of any kind stays; one that is not there is not found.
    """
    assert (BRAKES,) == FULL.without_job(SERVICE.id, NOON).jobs
    for lined in (
        evolve(FULL, labor=(), charges=()),
        evolve(FULL, parts=(), charges=()),
        evolve(FULL, parts=(), labor=()),
    ):
        with pytest.raises(JobHasLines) as refused:
            lined.without_job(BRAKES.id, NOON)
        assert {"lines": 1} == refused.value.facts
    for miss in (lambda: FULL.job(JobId(99)), lambda: FULL.without_job(JobId(99), NOON)):
        with pytest.raises(JobNotFound):
            miss()


def test_a_new_job_is_last_and_a_changed_one_keeps_its_position() -> None:
    """
    Changing a job does not move it.
    """
    new = sample(Job, title="Inspection")
    renamed = evolve(BRAKES, title="Rear brakes")

    assert (BRAKES, SERVICE, new) == FULL.with_job(new, NOON).jobs
    assert (renamed, SERVICE) == FULL.with_job(renamed, NOON).jobs


def test_the_same_discounts_change_nothing() -> None:
    """
    The ticket is the same one when its discounts stay, and has the new ones when they differ.
    """
    given = FULL.with_discounts((REGULAR, REGULAR), NOON + timedelta(hours=1))

    assert FULL is FULL.with_discounts((), NOON)
    assert given is given.with_discounts((REGULAR, REGULAR), NOON)
    assert ((REGULAR, REGULAR), NOON + timedelta(hours=1)) == (given.discounts, given.updated_at)
    assert (REGULAR,) == given.with_discounts((REGULAR,), NOON).discounts


def test_the_vin_is_that_of_the_vehicle() -> None:
    """
    A ticket shows the VIN of its vehicle, if it has one.
    """
    car = TicketVehicle(id=sample(TicketVehicle).id, vin="1HGCM82633A004352")

    assert "1HGCM82633A004352" == sample(Ticket, vehicle=car).vin
    assert None is sample(Ticket).vin


def test_a_stale_ticket_is_refused() -> None:
    """
    A change needs the present version, if it gives one.
    """
    ticket = sample(Ticket, version=3)

    ticket.require_version(3)
    ticket.require_version(None)
    with pytest.raises(TicketChanged):
        ticket.require_version(2)


def test_a_labour_line_has_a_form() -> None:
    """
    The present values of a labour line can be changed.
    """
    form = LABOR.form

    assert (LABOR.description, LABOR.hours, LABOR.rate, None) == (
        form.description,
        form.hours,
        form.rate,
        form.mechanic_id,
    )


def test_an_entry_has_its_values_as_text() -> None:
    """
    Statuses are stored by their values, and None stays None.
    """
    entry = Entry.of(
        Actor(Role.MECHANIC, 2),
        NOON,
        HistoryEvent.TRANSITION,
        Status.OPEN,
        Status.CANCELLED,
        "no",
    )

    assert entry == Entry(
        at=NOON,
        by=By(role=Role.MECHANIC, id=2),
        event=HistoryEvent.TRANSITION,
        from_="open",
        to="cancelled",
        note="no",
    )
    assert None is Entry.of(Actor(), NOON, HistoryEvent.REMOVED).from_
