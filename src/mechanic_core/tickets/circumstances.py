"""The circumstances of a ticket, read for the guards of its workflow."""

from mechanic_core.estimates.ceiling import required_authorization
from mechanic_core.profile.profile import Profile
from mechanic_core.tickets.guards import Circumstances
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Work


def circumstances_of(work: Work, ticket: Ticket, profile: Profile) -> Circumstances:
    """Return what the guards read beside *ticket*, under the present *profile*."""
    return Circumstances(
        authorization=required_authorization(work, ticket, profile),
        balance=work.balances.of(ticket.id),
        invoicing=profile.invoicing,
    )
