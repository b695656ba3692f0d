"""Ask for and issue password resets and invitations, and choose a password with one."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import MANAGERS_ONLY, PUBLIC, STAFF_ONLY, Actor, Role
from mechanic_core.accounts.account import Account
from mechanic_core.accounts.links import Link, LinkNotFound, LinkToken
from mechanic_core.accounts.password_resets import (
    IssuedReset,
    NewPassword,
    NoEmail,
    ResetExpired,
    ResetIssuer,
    ResetReader,
    ResetRequest,
)
from mechanic_core.accounts.ports import Passwords
from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.mail.outgoing_mail import MOST_IN_WINDOW, MailKind, OutgoingMail
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.unit_of_work import Begin, Work, retry_on_conflict
from mechanic_core.values import Clock, Email


def wake_nobody() -> None:
    """Do nothing when a mail was asked for: it is sent when the outbox is next looked at."""


@final
@frozen
class RequestPasswordReset:
    """Ask for a mail with a link to choose a new password with.

    Who has the address is looked up later, when the mail is sent, so that the work, the time and
    the answer are the same whether anybody has it. An address gets at most three mails in an hour.
    Without a configured mail server no mail goes out.
    """

    policy: ClassVar = PUBLIC
    refuses: ClassVar = ()

    begin: Begin
    now: Clock
    sends_mail: bool
    wake: Callable[[], None] = wake_nobody

    @retry_on_conflict
    def __call__(self, actor: Actor, form: ResetRequest) -> None:
        """Write the mail down; *wake* is called after the commit."""
        self.policy.admit(actor)
        if not self.sends_mail:
            return
        mail = OutgoingMail.to(form.email, MailKind.PASSWORD_RESET, self.now())
        with self.begin(actor) as work:
            if work.outgoing_mails.add(mail, MOST_IN_WINDOW):
                work.on_commit(self.wake)


@final
@frozen
class IssueCustomerReset:
    """Issue a link with which a customer chooses a password.

    It is good for one hour. For a customer without a login it is their invitation, good for 72
    hours. A new link ends the one before.
    """

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (CustomerNotFound, NoEmail)

    begin: Begin
    now: Clock
    issuer: ResetIssuer

    @retry_on_conflict
    def __call__(self, actor: Actor, customer_id: CustomerId) -> IssuedReset:
        """Return the link."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            customer = work.customers.lock(customer_id)
            if customer.email is None:
                raise NoEmail
            return self.issuer.issue_to_customer(work, customer, at)


@final
@frozen
class IssueStaffReset:
    """Issue a link with which a mechanic chooses a new password.

    It is good for one hour. A new link ends the one before.
    """

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (MechanicNotFound,)

    begin: Begin
    now: Clock
    issuer: ResetIssuer

    @retry_on_conflict
    def __call__(self, actor: Actor, mechanic_id: MechanicId) -> IssuedReset:
        """Return the link."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            mechanic, _ = work.mechanics.lock(mechanic_id)
            return self.issuer.issue_to_mechanic(work, mechanic, at)


@final
@frozen
class ReadPasswordReset:
    """Read whether a link is good."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (LinkNotFound, ResetExpired)

    now: Clock
    reader: ResetReader

    def __call__(self, actor: Actor, token: LinkToken) -> None:
        """Raise `LinkNotFound` or `ResetExpired` unless the link of *token* is good."""
        self.policy.admit(actor)
        self.reader.read(token, self.now())


@final
@frozen
class ResetPassword:
    """Choose a new password with a link, which then is used; all sessions end."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (LinkNotFound, ResetExpired)

    begin: Begin
    now: Clock
    passwords: Passwords
    reader: ResetReader

    def __call__(self, actor: Actor, token: LinkToken, form: NewPassword) -> None:
        """Set the password; a customer without a login then has one."""
        self.policy.admit(actor)
        link, role, holder_id = self.reader.read(token, self.now())
        self._set(link, Actor(role, holder_id), self.passwords.hash(form.new_password))

    @retry_on_conflict
    def _set(self, link: Link, holder: Actor, password_hash: str) -> None:
        role, at = holder.role or Role.CUSTOMER, self.now()
        with self.begin(holder) as work:
            # The account is locked before its link, as by who issues another one.
            if work.accounts.lock(role, holder.id) is None:
                self._give_login(work, holder)
            if not work.password_resets.take(link.id, link.nonce):
                raise ResetExpired
            work.accounts.put(Account(role=role, holder_id=holder.id, password_hash=password_hash))
            work.revocations.revoke_all(role, holder.id, at)

    def _give_login(self, work: Work, holder: Actor) -> None:
        try:
            customer = work.customers.lock(CustomerId(holder.id))
        except CustomerNotFound:
            raise ResetExpired from None
        if holder.role is not Role.CUSTOMER or customer.email is None:
            raise ResetExpired
        work.customers.save(customer.with_login(self.now()))


@final
@frozen
class SetStaffPassword:
    """Set the password of the mechanic or manager with an e-mail address; all sessions end."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (MechanicNotFound,)

    begin: Begin
    now: Clock
    passwords: Passwords

    def __call__(self, actor: Actor, email: Email, form: NewPassword) -> MechanicId:
        """Return the id of the mechanic."""
        self.policy.admit(actor)
        return self._set(actor, email, self.passwords.hash(form.new_password))

    @retry_on_conflict
    def _set(self, actor: Actor, email: Email, password_hash: str) -> MechanicId:
        at = self.now()
        with self.begin(actor) as work:
            account = work.accounts.find(email, staff=True)
            if account is None:
                raise MechanicNotFound("no mechanic has this e-mail address")
            role, holder_id = account.role, account.holder_id
            work.accounts.put(Account(role=role, holder_id=holder_id, password_hash=password_hash))
            work.password_resets.end(role, holder_id)
            work.revocations.revoke_all(role, holder_id, at)
        return MechanicId(holder_id)
