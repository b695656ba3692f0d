"""The work on a ticket, its jobs with their lines, as it is priced and compared."""

from collections.abc import Iterable
from typing import Protocol

from attrs import evolve

from mechanic_core.pricing.line import PricingLine
from mechanic_core.tickets.job import Job, JobId, JobKind, JobStatus
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.part_line import PartLine


class HasWork(Protocol):
    """The part of a ticket that is its work."""

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs."""
        ...

    @property
    def parts(self) -> tuple[PartLine, ...]:
        """The part lines."""
        ...

    @property
    def labor(self) -> tuple[LaborLine, ...]:
        """The lines of labour."""
        ...

    @property
    def charges(self) -> tuple[ChargeLine, ...]:
        """The charges."""
        ...


def lines_to_price(work: HasWork) -> list[PricingLine]:
    """Return all lines as they are priced; those of a warranty job are given away."""
    free = {job.id for job in work.jobs if job.kind is JobKind.WARRANTY}
    return [
        line.to_price.given_away() if line.job_id in free else line.to_price
        for lines in (work.parts, work.labor, work.charges)
        for line in lines
    ]


def lines_of_job(lines: Iterable[PricingLine], job_id: JobId) -> list[PricingLine]:
    """Return those of *lines* that belong to one job."""
    return [line for line in lines if line.job_id == job_id]


def jobs_of_former_release(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Return *jobs* that the former release may have changed: all authorized ones count as changed.

    That release does not note what it changes.
    """
    return tuple(
        evolve(job, changed_since_authorized=job.status is JobStatus.AUTHORIZED) for job in jobs
    )


def jobs_after_change(before: HasWork, after: HasWork) -> tuple[Job, ...]:
    """Return the jobs of *after*: authorized ones count as changed whose lines are not as *before*."""
    if all(job.status is JobStatus.PROPOSED for job in after.jobs):
        return after.jobs
    old, new = lines_to_price(before), lines_to_price(after)
    return tuple(
        evolve(job, changed_since_authorized=True)
        if job.status is JobStatus.AUTHORIZED
        and lines_of_job(old, job.id) != lines_of_job(new, job.id)
        else job
        for job in after.jobs
    )
