"""The contract of `Tickets`: the jobs of a ticket, and the lines that belong to them."""

from typing import Final

from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.samples.records import (
    LATER,
    TOTALS,
    UNKNOWN,
    add_customer,
    add_part,
    add_ticket,
    add_vehicle,
    new_charge,
    new_entry,
    new_job,
    new_labor_line,
    new_part_line,
)
from mechanic_adapters.conformance.tickets.ticket import read, save
from mechanic_core.events.event import EventType
from mechanic_core.tickets.job import JobId, JobKind, JobStatus
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Store

WRITES: Final = (
    Write(
        "tickets.save with a new job and its lines",
        lambda work, seed: work.tickets.save(
            evolve(seed.ticket, jobs=(*seed.ticket.jobs, new_job()), charges=(new_charge(),)),
            new_entry(),
        ),
        "tickets",
        {EventType.TICKET_CHANGED: ("jobs", "charges")},
    ),
)


class TestTicketJobs:
    """Jobs, stored with their ticket, and the lines that belong to them."""

    def test_keeps_jobs_in_order(self, store: Store) -> None:
        """A job that stays has the same id, one that is added is last, and all fields come back."""
        added = add_ticket(store, add_customer(store))
        (first,) = added.jobs
        second = new_job(
            title="Ω" * 200,
            kind=JobKind.WARRANTY,
            status=JobStatus.AUTHORIZED,
            changed_since_authorized=True,
            comes_back_from=first.id,
            totals=TOTALS,
        )

        two = save(store, evolve(added, jobs=(first, second)))
        renamed = evolve(first, title="Rear brakes", kind=JobKind.DIAGNOSIS, totals=TOTALS)
        three = save(store, evolve(two, jobs=(renamed, two.jobs[1], new_job())))

        assert (renamed, evolve(second, id=two.jobs[1].id)) == three.jobs[:2]
        assert [job.id for job in three.jobs] == sorted({job.id for job in three.jobs})
        assert three == read(store, added)
        one = save(store, evolve(three, jobs=(three.jobs[1],)))
        assert (three.jobs[1],) == one.jobs == read(store, added).jobs

    def test_puts_lines_on_a_new_job(self, store: Store) -> None:
        """Lines without the id of a job belong to the one that is stored with them."""
        added = add_ticket(store, add_customer(store), labor=(new_labor_line(),))
        changed = evolve(
            added,
            jobs=(*added.jobs, new_job()),
            parts=(new_part_line(add_part(store)),),
            labor=(evolve(added.labor[0], job_id=JobId(0)), new_labor_line("Test drive")),
            charges=(new_charge(job_id=added.jobs[0].id),),
        )

        after = save(store, changed)

        old, new = after.jobs
        assert [new.id, new.id, new.id] == [line.job_id for line in (*after.parts, *after.labor)]
        assert old.id == after.charges[0].job_id
        assert after == read(store, added)

    def test_finds_the_vehicle_of_a_job(self, store: Store) -> None:
        """It is that on the job's ticket; none for an unknown job or one of a removed ticket."""
        ada = add_customer(store)
        vehicle, other = add_vehicle(store, ada), add_vehicle(store, ada)
        on = add_ticket(store, ada, vehicle=vehicle)
        of_other = add_ticket(store, ada, vehicle=other, status=Status.CLOSED)
        without = add_ticket(store, ada)
        removed = add_ticket(store, ada, vehicle=vehicle, removed_at=LATER)
        ids = [ticket.jobs[0].id for ticket in (on, of_other, without, removed)]

        with store.read_only() as work:
            found = [work.ticket_lists.vehicle_of_job(one) for one in (*ids, JobId(UNKNOWN))]

        assert [vehicle.id, other.id, None, None, None] == found
