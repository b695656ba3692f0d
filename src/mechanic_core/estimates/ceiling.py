"""The authorization of a ticket, worked out from its estimates and limits when it is asked for."""

from mechanic_core.estimates.authorization import Authorization, tolerance_on
from mechanic_core.estimates.calculation import authorized_numbers, authorized_total
from mechanic_core.money import Money
from mechanic_core.profile.billing import AuthorizationMode
from mechanic_core.profile.profile import Profile
from mechanic_core.tickets.job import JobKind, JobStatus
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Work


def authorized_on(work: Work, ticket: Ticket) -> Money:
    """Return what the authorized jobs of *ticket* come to."""
    numbers = authorized_numbers(ticket.jobs)
    estimates = work.estimate_lists.numbered(ticket.id, numbers)
    return authorized_total(ticket.jobs, estimates)


def authorization_of(work: Work, ticket: Ticket, profile: Profile) -> Authorization:
    """Return what the customer of *ticket* has authorized, whatever the shop asks for."""
    charged = [job for job in ticket.jobs if job.kind is not JobKind.WARRANTY]
    authorized = authorized_on(work, ticket)
    has_any = any(job.status is JobStatus.AUTHORIZED for job in ticket.jobs)
    return Authorization(
        mode=profile.authorization,
        authorized=authorized,
        limit=work.decisions.limit(ticket.id),
        tolerance=tolerance_on(authorized, profile.tolerance) if has_any else Money(0),
        current=ticket.totals.total,
        undecided=tuple(job.id for job in charged if job.status is JobStatus.PROPOSED),
        changed=tuple(job.id for job in charged if job.changed_since_authorized),
    )


def required_authorization(work: Work, ticket: Ticket, profile: Profile) -> Authorization | None:
    """Return the authorization of *ticket*; None, without reading it, where none is asked for."""
    if profile.authorization is AuthorizationMode.OFF:
        return None
    return authorization_of(work, ticket, profile)
