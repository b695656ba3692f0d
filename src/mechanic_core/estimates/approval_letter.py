"""The letter with a link to an estimate."""

from collections.abc import Sequence
from typing import Final, final

from attrs import frozen

from mechanic_core.customers.customer import CustomerNotFound
from mechanic_core.estimates.approval import require_answerable
from mechanic_core.estimates.approval_links import ApprovalClosed, ApprovalLinkTokens
from mechanic_core.mail.local_time import local_time
from mechanic_core.mail.message import Message
from mechanic_core.mail.outgoing_mail import OutgoingMail
from mechanic_core.mail.ports import Letter
from mechanic_core.money import money_to_decimal
from mechanic_core.texts import email_key
from mechanic_core.tickets.ticket import TicketNotFound
from mechanic_core.unit_of_work import ReadOnly
from mechanic_core.values import Clock

_SUBJECT: Final = "{shop}: your estimate"
_ESTIMATE: Final = (
    "Hello,\n\n"
    "here is estimate {number} for service ticket {ticket}: {total} {currency}.\n"
    "Please tell us for each job whether we may do it:"
)
_LINK: Final = "{url}\nThis link is good once, until {until}."


@final
@frozen
class ApprovalLetter(Letter):
    """Writes to the customer of a ticket, who has the address, with the link that was issued."""

    read_only: ReadOnly
    now: Clock
    tokens: ApprovalLinkTokens

    def write(self, mail: OutgoingMail) -> Sequence[Message]:
        """Return one message; none where the link is good no longer, or the address is another."""
        with self.read_only() as work:
            link = work.approval_links.get(mail.subject_id or 0)
            if link is None:
                return ()
            profile = work.profiles.get()
            try:
                ticket = work.tickets.get(link.ticket_id)
                customer = work.customers.get(ticket.customer_id)
                estimate = work.estimates.get(link.ticket_id, link.number)
                estimate = estimate.as_of(profile.today(self.now()))
                require_answerable(link, estimate, ticket, self.now())
            except (TicketNotFound, CustomerNotFound, ApprovalClosed):
                return ()
        if customer.email is None or email_key(customer.email) != mail.email_key:
            return ()
        asked = _ESTIMATE.format(
            number=estimate.number,
            ticket=ticket.id,
            total=money_to_decimal(estimate.totals.total),
            currency=profile.currency,
        )
        issued = self.tokens.issued(link)
        until = local_time(link.expires_at, profile.time_zone)
        linked = _LINK.format(url=issued.url, until=until)
        subject = _SUBJECT.format(shop=profile.name)
        return [Message.of_shop(profile, customer.email, subject, asked, linked)]
