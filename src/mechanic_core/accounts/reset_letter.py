"""The letter with links to choose a new password with."""

from collections.abc import Sequence
from typing import Final, final

from attrs import frozen

from mechanic_core.accounts.password_resets import IssuedReset, ResetIssuer
from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.mail.local_time import local_time
from mechanic_core.mail.message import Message
from mechanic_core.mail.outgoing_mail import OutgoingMail
from mechanic_core.mail.ports import Letter
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.profile.profile import Profile
from mechanic_core.texts import email_key
from mechanic_core.unit_of_work import Begin, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock

_SUBJECT: Final = "{shop}: choose a new password"

_ASKED: Final = (
    "Hello,\n\n"
    "somebody, probably you, asked {shop} for a link to choose a new password\n"
    "for this e-mail address."
)
_AS_CUSTOMER: Final = "As a customer, choose it here:"
_AS_STAFF: Final = "As a member of the staff, choose it here:"
_LINK: Final = "{label}\n{url}\nThis link is good once, until {until}."
_IGNORE: Final = (
    "If you did not ask for it, you need not do anything: as long as no link is\n"
    "used, nothing changes."
)


@final
@frozen
class ResetLetter(Letter):
    """Issues a link for the customer and one for the mechanic who have the address.

    The letter goes to the address as they have written it, and names nobody: a stranger may have
    entered the name. Each person is locked in a transaction of its own.
    """

    begin: Begin
    read_only: ReadOnly
    now: Clock
    issuer: ResetIssuer

    def write(self, mail: OutgoingMail) -> Sequence[Message]:
        """Return one message for each spelling of the address, with its links."""
        with self.read_only() as work:
            customer_id, mechanic_id = work.email_holders.find(mail.email_key)
            profile = work.profiles.get()
        links: dict[str, list[str]] = {}
        for label, issued in (
            (_AS_CUSTOMER, customer_id and self._issue_to_customer(customer_id, mail)),
            (_AS_STAFF, mechanic_id and self._issue_to_mechanic(mechanic_id, mail)),
        ):
            if issued:
                address, reset = issued
                links.setdefault(address, []).append(_describe(label, reset, profile))
        subject, asked = (text.format(shop=profile.name) for text in (_SUBJECT, _ASKED))
        return [
            Message.of_shop(profile, address, subject, asked, *texts, _IGNORE)
            for address, texts in links.items()
        ]

    @retry_on_conflict
    def _issue_to_customer(
        self, customer_id: CustomerId, mail: OutgoingMail
    ) -> tuple[str, IssuedReset] | None:
        """Return the address and a new link; None if the customer has it no longer."""
        with self.begin() as work:
            try:
                customer = work.customers.lock(customer_id)
            except CustomerNotFound:
                return None
            if customer.email is None or email_key(customer.email) != mail.email_key:
                return None
            return customer.email, self.issuer.issue_to_customer(work, customer, self.now())

    @retry_on_conflict
    def _issue_to_mechanic(
        self, mechanic_id: MechanicId, mail: OutgoingMail
    ) -> tuple[str, IssuedReset] | None:
        """Return the address and a new link; None if the mechanic has it no longer, or has left."""
        with self.begin() as work:
            try:
                mechanic, _ = work.mechanics.lock(mechanic_id)
            except MechanicNotFound:
                return None
            if not mechanic.active or email_key(mechanic.email) != mail.email_key:
                return None
            return mechanic.email, self.issuer.issue_to_mechanic(work, mechanic, self.now())


def _describe(label: str, reset: IssuedReset, profile: Profile) -> str:
    until = local_time(reset.expires_at, profile.time_zone)
    return _LINK.format(label=label, url=reset.url, until=until)
