"""Issue links to estimates, show what they lead to, and take the answers that they give."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import ANONYMOUS, PUBLIC, STAFF_ONLY, Actor
from mechanic_core.accounts.links import Link, LinkNotFound, LinkToken
from mechanic_core.accounts.password_resets import NoEmail
from mechanic_core.customers.customer import CustomerId
from mechanic_core.estimates.approval import Approval, ApprovalForm, require_answerable
from mechanic_core.estimates.approval_links import (
    MOST_APPROVALS,
    ApprovalClosed,
    ApprovalLink,
    ApprovalLinkForm,
    ApprovalLinkTokens,
    IssuedApprovalLink,
    LinkEnd,
    MailOff,
)
from mechanic_core.estimates.consent import Consent
from mechanic_core.estimates.consent_record import ConsentRecord
from mechanic_core.estimates.decision import Answer, Channel, Decision, WorkStarted
from mechanic_core.estimates.estimate import (
    Estimate,
    EstimateAnswered,
    EstimateExpired,
    EstimateNotFound,
    EstimateNumber,
    EstimateStatus,
    EstimateSuperseded,
)
from mechanic_core.mail.outgoing_mail import MailKind, OutgoingMail
from mechanic_core.paging import WHOLE_LIST
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.job import JobId
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
from mechanic_core.unit_of_work import Begin, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock


def wake_nobody() -> None:
    """Do nothing when a mail was asked for: it is sent when the outbox is next looked at."""


@final
@frozen
class IssueApprovalLink:
    """Issue a link with which the customer answers an estimate; it ends the one before.

    It can be sent to the customer by mail.
    """

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (
        TicketNotFound,
        TicketChanged,
        EstimateNotFound,
        TicketFrozen,
        EstimateAnswered,
        EstimateSuperseded,
        EstimateExpired,
        NoEmail,
        MailOff,
        TooMany,
    )

    begin: Begin
    now: Clock
    tokens: ApprovalLinkTokens
    sends_mail: bool
    wake: Callable[[], None] = wake_nobody

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        number: EstimateNumber,
        form: ApprovalLinkForm,
        expected: int | None = None,
    ) -> IssuedApprovalLink:
        """Return the link, which is shown this once."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            estimate = work.estimates.get(ticket_id, number)
            ticket.require_changeable()
            estimate = estimate.as_of(work.profiles.get().today(at))
            estimate.require_answerable()
            if estimate.status is EstimateStatus.ANSWERED:
                raise EstimateAnswered
            expires_at = (at + timedelta(hours=form.expires_in_hours)).replace(microsecond=0)
            new = ApprovalLink(
                ticket_id=ticket_id,
                number=number,
                nonce=self.tokens.new_nonce(),
                expires_at=expires_at,
            )
            link = work.approval_links.start(new)
            if form.send:
                self._send(work, link, ticket.customer_id, at)
            return self.tokens.issued(link)

    def _send(self, work: Work, link: ApprovalLink, customer_id: CustomerId, at: datetime) -> None:
        """Have the link sent to the customer."""
        if not self.sends_mail:
            raise MailOff
        email = work.customers.get(customer_id).email
        if email is None:
            raise NoEmail("the customer has no e-mail address")
        mail = OutgoingMail.to(email, MailKind.APPROVAL, at, subject_id=link.id)
        if not work.outgoing_mails.add(mail, MOST_APPROVALS):
            raise TooMany(
                MOST_APPROVALS, "mails with links to estimates, in an hour, to one address"
            )
        work.on_commit(self.wake)


@final
@frozen
class ReadApproval:
    """Read the estimate that a link leads to. Nothing changes, however often it is read."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (LinkNotFound, ApprovalClosed)

    read_only: ReadOnly
    now: Clock
    tokens: ApprovalLinkTokens

    def __call__(self, actor: Actor, token: LinkToken) -> Approval:
        """Return the estimate, and what was decided on it: then it is a receipt.

        Raises `LinkNotFound` for a forged token without asking the store, and `ApprovalClosed`.
        """
        self.policy.admit(actor)
        said = self.tokens.read(token)
        at = self.now()
        with self.read_only() as work:
            link = _stored(work, said, at)
            ticket = work.tickets.get(link.ticket_id)
            estimate = _estimate(work, link, at)
            is_receipt = link.used_at is not None or estimate.status is EstimateStatus.ANSWERED
            if not is_receipt:
                require_answerable(link, estimate, ticket, at)
            decisions = work.decisions.of(link.ticket_id, WHOLE_LIST).items if is_receipt else ()
        return Approval(
            estimate=estimate,
            expires_at=link.expires_at,
            decisions=tuple(one for one in decisions if one.estimate == link.number),
        )


@final
@frozen
class AnswerByLink:
    """Take the answers that a customer gives with a link, which then is used."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (LinkNotFound, ApprovalClosed, WorkStarted)

    begin: Begin
    now: Clock
    tokens: ApprovalLinkTokens
    consent: Consent

    @retry_on_conflict
    def __call__(self, actor: Actor, token: LinkToken, form: ApprovalForm) -> Decision:
        """Return the new decision; nobody has entered it but who has the link.

        Raises `LinkNotFound`, `ApprovalClosed`, `WorkStarted`, and `RuleBroken` for what is missing
        and for jobs that were answered otherwise since the form was opened.
        """
        self.policy.admit(actor)
        said = self.tokens.read(token)
        at = self.now()
        with self.begin(ANONYMOUS) as work:
            link = _stored(work, said, at)
            ticket = work.tickets.lock(link.ticket_id)
            estimate = _estimate(work, link, at)
            require_answerable(link, estimate, ticket, at)
            before = _answers_before(work, estimate) if estimate.answered else {}
            answers = form.answers_for(estimate.unanswered, before)
            if not work.approval_links.use(link, at):
                raise ApprovalClosed(LinkEnd.ANSWERED)
            record = ConsentRecord(
                actor=ANONYMOUS, at=at, person=form.name or "", channel=Channel.LINK
            )
            return self.consent.take_answers(work, ticket, estimate, answers, record)


def _stored(work: Work, said: Link, at: datetime) -> ApprovalLink:
    """Return the link that a token says; raise `ApprovalClosed` for one that is gone."""
    link = work.approval_links.get(said.id)
    if link is None or link.nonce != said.nonce:
        raise ApprovalClosed(LinkEnd.EXPIRED if said.expires_at <= at else LinkEnd.REPLACED)
    return link


def _answers_before(work: Work, estimate: Estimate) -> Mapping[JobId, Answer]:
    """Return the latest answer for each job of *estimate* that has one."""
    decisions = work.decisions.of(estimate.ticket_id, WHOLE_LIST).items
    return {
        one.job_id: one.answer
        for decision in decisions
        if decision.estimate == estimate.number
        for one in decision.answers
    }


def _estimate(work: Work, link: ApprovalLink, at: datetime) -> Estimate:
    estimate = work.estimates.get(link.ticket_id, link.number)
    return estimate.as_of(work.profiles.get().today(at))
