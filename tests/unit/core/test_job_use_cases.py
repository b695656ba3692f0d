"""Jobs: what a ticket is made of, and what its lines belong to."""

from functools import partial

import pytest
from attrs import evolve

from mechanic_core.errors import Invalid, Problem
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.job import (
    MAX_TITLE,
    Job,
    JobDraft,
    JobHasLines,
    JobId,
    JobKind,
    JobNotFound,
    JobStatus,
    title_from,
)
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketFrozen
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleForm
from tests.shops import MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import Premises

NOT_EARLIER = Problem("#/comes_back_from", "must be an earlier job of the same vehicle")


def add(premises: Premises, ticket: Ticket, title: str = "Brakes", **given: object) -> Job:
    """Add a job to a ticket."""
    return premises.shop.add_job(MECHANIC, ticket.id, sample(JobDraft, title=title, **given))


def test_jobs_are_recorded_in_the_history(premises: Premises) -> None:
    """
    A new job is proposed; changes and removals are recorded, and what changes nothing is not.
    """
    ticket = premises.open()

    job = add(premises, ticket)
    renamed = premises.shop.change_job(
        MECHANIC, ticket.id, job.id, lambda form: evolve(form, title="All brakes")
    )
    premises.shop.change_job(MECHANIC, ticket.id, job.id, lambda form: form)

    assert Job(id=job.id, title="Brakes") == job
    assert (JobKind.REPAIR, JobStatus.PROPOSED, False) == (
        job.kind,
        job.status,
        job.changed_since_authorized,
    )
    assert evolve(job, title="All brakes") == renamed
    assert (3, (renamed,)) == (renamed.version, premises.read(ticket).jobs)
    premises.shop.remove_job(MECHANIC, ticket.id, job.id)
    assert () == premises.read(ticket).jobs
    assert [
        (HistoryEvent.JOB_ADDED, None, "repair: Brakes"),
        (HistoryEvent.JOB_CHANGED, "repair: Brakes", "repair: All brakes"),
        (HistoryEvent.JOB_REMOVED, "repair: All brakes", None),
    ] == premises.entries(ticket)


def test_a_line_goes_to_the_job_that_it_names(premises: Premises) -> None:
    """
    Lines that name no job are on the first; a line can be moved, and that is recorded.
    """
    ticket = premises.open()
    first, second = add(premises, ticket), add(premises, ticket, "Oil service")
    shop = premises.shop
    form = sample(PartLineForm, part_id=1, job_id=second.id, quantity=Quantity(1000))
    part = shop.add_part_line(MECHANIC, ticket.id, form)
    labor = shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm))

    assert (second.id, first.id) == (part.job_id, labor.job_id)
    moved = shop.change_part_line(
        MECHANIC, ticket.id, part.id, lambda form: evolve(form, job_id=first.id)
    )
    back = shop.change_labor_line(
        MECHANIC, ticket.id, labor.id, lambda form: evolve(form, job_id=None)
    )
    with pytest.raises(Invalid, match="#/job_id: does not exist"):
        shop.change_labor_line(
            MECHANIC, ticket.id, labor.id, lambda form: evolve(form, job_id=second.id + 1)
        )

    assert (first.id, first.id, labor) == (moved.job_id, back.job_id, back)
    assert (
        HistoryEvent.PART_CHANGED,
        f"1 × PAD, job {second.id}",
        f"1 × PAD, job {first.id}",
    ) == premises.entries(ticket)[-1]
    totals = [job.totals for job in premises.read(ticket).jobs]
    assert [(1999, labor.amount), (0, 0)] == [(one.parts, one.labor) for one in totals]


def test_a_job_with_lines_stays(premises: Premises) -> None:
    """
    It can be removed once its lines are gone.
    """
    ticket = premises.open(description="Squeals\nwhen wet")
    line = premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm))
    (job,) = premises.read(ticket).jobs

    with pytest.raises(JobHasLines):
        premises.shop.remove_job(MECHANIC, ticket.id, job.id)
    premises.shop.remove_labor_line(MECHANIC, ticket.id, line.id)
    premises.shop.remove_job(MECHANIC, ticket.id, job.id)

    assert ("Squeals", line.job_id) == (job.title, job.id)
    assert () == premises.read(ticket).jobs


def test_warranty_work_costs_nothing(premises: Premises) -> None:
    """
    Its lines keep their amounts, but nothing is to pay for them until the kind changes.
    """
    ticket = premises.open()
    job = add(premises, ticket, kind=JobKind.WARRANTY)
    line = premises.shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm))

    free = premises.read(ticket)
    premises.shop.change_job(
        MECHANIC, ticket.id, job.id, lambda form: evolve(form, kind=JobKind.REPAIR)
    )
    charged = premises.read(ticket)

    assert (0, None) == (line.net, line.discount)
    assert (0, line.amount, 0) == (free.totals.total, free.totals.discount, free.labor[0].net)
    assert line.amount == charged.totals.total == charged.labor[0].net
    assert free.totals == free.jobs[0].totals
    assert charged.totals == charged.jobs[0].totals


def test_a_job_comes_back_from_an_earlier_one_of_the_vehicle(premises: Premises) -> None:
    """
    The earlier job may be on any ticket of the same vehicle, and is shown and recorded.
    """
    before = premises.go(premises.open(vehicle_id=1), Status.IN_PROGRESS)
    earlier = add(premises, before)
    premises.go(before, Status.COMPLETED, Status.CLOSED)
    ticket = premises.open(vehicle_id=1)

    job = add(premises, ticket, kind=JobKind.WARRANTY, comes_back_from=earlier.id)

    assert earlier.id == job.comes_back_from == premises.read(ticket).jobs[0].comes_back_from
    text = f"warranty: Brakes, comes back from job {earlier.id}"
    assert [(HistoryEvent.JOB_ADDED, None, text)] == premises.entries(ticket)


def test_a_job_does_not_come_back_from_another_vehicle(premises: Premises) -> None:
    """
    Another vehicle's job, an unknown or a later one, and any for a ticket without vehicle is 422.
    """
    other = premises.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1, plate="8B"))
    elsewhere = add(premises, premises.open(vehicle_id=other.id))
    without = premises.open()
    on_none = add(premises, without)
    ticket = premises.open(vehicle_id=1)
    job = add(premises, ticket)
    later = add(premises, ticket, "Oil service")

    for earlier in (elsewhere.id, on_none.id, 99):
        with pytest.raises(Invalid) as refused:
            add(premises, ticket, comes_back_from=earlier)
        assert (NOT_EARLIER,) == refused.value.problems
    for earlier in (later.id, job.id):
        change = partial(evolve, comes_back_from=earlier)
        with pytest.raises(Invalid) as refused:
            premises.shop.change_job(MECHANIC, ticket.id, job.id, change)
        assert (NOT_EARLIER,) == refused.value.problems
    with pytest.raises(Invalid):
        add(premises, without, comes_back_from=on_none.id)
    changed = premises.shop.change_job(
        MECHANIC, ticket.id, later.id, lambda form: evolve(form, comes_back_from=job.id)
    )
    assert job.id == changed.comes_back_from


def test_what_a_job_comes_back_from_is_looked_up_once(premises: Premises) -> None:
    """
    A ticket whose vehicle was corrected keeps what was entered before.
    """
    earlier = add(premises, premises.open(vehicle_id=1))
    ticket = premises.open(vehicle_id=1)
    job = add(premises, ticket, comes_back_from=earlier.id)
    other = premises.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1, plate="8B"))
    premises.shop.change_ticket(MECHANIC, ticket.id, lambda form: evolve(form, vehicle_id=other.id))

    renamed = premises.shop.change_job(
        MECHANIC, ticket.id, job.id, lambda form: evolve(form, title="Again")
    )

    assert ("Again", earlier.id) == (renamed.title, renamed.comes_back_from)


def test_jobs_change_before_completion_only(premises: Premises) -> None:
    """
    A frozen ticket, an old version and another ticket's job are refused.
    """
    ticket, other = premises.open(), premises.open()
    job, foreign = add(premises, ticket), add(premises, other)
    shop = premises.shop

    with pytest.raises(TicketChanged):
        shop.remove_job(MECHANIC, ticket.id, job.id, 1)
    with pytest.raises(TicketChanged):
        shop.add_job(MECHANIC, ticket.id, sample(JobDraft), 1)
    with pytest.raises(JobNotFound):
        shop.change_job(MECHANIC, ticket.id, foreign.id, lambda form: form)
    with pytest.raises(JobNotFound):
        shop.remove_job(MECHANIC, ticket.id, JobId(99))
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)
    with pytest.raises(TicketFrozen):
        add(premises, ticket)
    with pytest.raises(TicketFrozen):
        shop.change_job(MECHANIC, ticket.id, job.id, lambda form: evolve(form, title="New"))
    with pytest.raises(TicketFrozen):
        shop.remove_job(MECHANIC, ticket.id, job.id)

    assert (job,) == premises.read(ticket).jobs


@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("Squeals", "Squeals"),
        ("Squeals\r\nwhen wet", "Squeals"),
        ("Check\tthe brakes ", "Check the brakes"),
        ("\u3164\nBrakes", "Brakes"),
        ("x" * 300, "x" * MAX_TITLE),
        ("x" * 199 + " yes", "x" * 199),
        ("bell \x07", "Repair"),
        ("", "Repair"),
    ],
)
def test_the_first_job_is_titled_by_the_description(description: str, title: str) -> None:
    """
    The title is the first line that can be one, cut; a title of old texts may be none of them.
    """
    assert title == title_from(description) == JobDraft(title=title).title


def test_a_job_has_no_figures_until_it_has_lines(premises: Premises) -> None:
    """
    The totals of a new job are 0, each of them.
    """
    job = add(premises, premises.open())

    assert {Money(0)} == set(vars_of(job))


def vars_of(job: Job) -> list[int]:
    """Return the figures of a job."""
    totals = job.totals
    return [totals.parts, totals.labor, totals.charges, totals.supplies, totals.total, totals.tax]
