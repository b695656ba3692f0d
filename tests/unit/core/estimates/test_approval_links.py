"""Links with which a customer answers an estimate, without a login."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve, frozen

from mechanic_adapters.security.link_tokens import HmacLinkTokens
from mechanic_core.access import ANONYMOUS
from mechanic_core.accounts.links import LinkNotFound, LinkPurpose, LinkToken
from mechanic_core.accounts.password_resets import NoEmail
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Invalid
from mechanic_core.estimates.approval import Approval, ApprovalForm
from mechanic_core.estimates.approval_links import (
    MOST_APPROVALS,
    ApprovalClosed,
    ApprovalLinkForm,
    IssuedApprovalLink,
    LinkEnd,
    MailOff,
)
from mechanic_core.estimates.decision import Answer, Channel, Decision, JobAnswerForm
from mechanic_core.estimates.estimate import (
    Estimate,
    EstimateAnswered,
    EstimateExpired,
    EstimateStatus,
    EstimateSuperseded,
)
from mechanic_core.events.event import Initiator
from mechanic_core.mail.message import Message
from mechanic_core.mail.ports import Mailer
from mechanic_core.shop import Shop
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.job import Job
from mechanic_core.tickets.ticket import TicketFrozen
from mechanic_core.tickets.workflow import Status
from mechanic_shop.wiring.use_cases import build_shop
from tests.shops import CUSTOMER, MANAGER, MECHANIC, PlainPasswords, PlainTokens
from tests.strategies import NOON
from tests.unit.core.conftest import Premises
from tests.unit.core.estimates.desk import NO, YES, Desk

PUBLIC_URL = "https://shop.example"
TOKENS = HmacLinkTokens(lambda: ("secret",))


@frozen(eq=False)
class Letters(Mailer):
    """A mailer that keeps what it sends."""

    sent: list[Message]

    def send(self, message: Message) -> None:
        """Keep *message*."""
        self.sent.append(message)


@frozen(eq=False)
class Links:
    """The links of a ticket at the desk, with real tokens."""

    desk: Desk
    shop: Shop
    letters: list[Message]

    def issue(self, estimate: Estimate, **given: object) -> IssuedApprovalLink:
        """Issue a link."""
        form = evolve(ApprovalLinkForm(), **given)  # type: ignore[arg-type]
        return self.shop.issue_approval_link(MECHANIC, self.desk.ticket.id, estimate.number, form)

    def token(self, estimate: Estimate, **given: object) -> LinkToken:
        """Issue a link, and return its token."""
        return LinkToken(self.issue(estimate, **given).url.rpartition("/")[2])

    def read(self, token: LinkToken) -> Approval:
        """Return what a link shows."""
        return self.shop.read_approval(ANONYMOUS, token)

    def answer(
        self, token: LinkToken, answers: Mapping[Job, Answer], name: str | None = "Ada Moore"
    ) -> Decision:
        """Answer with a link."""
        given = tuple(JobAnswerForm(job_id=job.id, answer=one) for job, one in answers.items())
        return self.shop.answer_by_link(ANONYMOUS, token, ApprovalForm(answers=given, name=name))

    def end_of(self, token: LinkToken) -> tuple[LinkEnd | None, LinkEnd]:
        """Return why a link shows nothing any more, if it does not, and takes no answer."""
        shown = None
        try:
            self.read(token)
        except ApprovalClosed as closed:
            shown = closed.reason
        with pytest.raises(ApprovalClosed) as refused:
            self.answer(token, {})
        assert refused.value.reason.value == refused.value.facts["reason"]
        return shown, refused.value.reason


@pytest.fixture
def links(desk: Desk, premises: Premises) -> Links:
    """A shop that sends mail."""
    letters: list[Message] = []
    shop = build_shop(
        premises.store,
        premises.clock,
        PlainPasswords(),
        PlainTokens(),
        TOKENS,
        public_url=PUBLIC_URL,
        mailer=Letters(letters),
    )
    return Links(desk, shop, letters)


def test_a_link_leads_to_its_estimate(desk: Desk, links: Links) -> None:
    """
    As often as it is opened: nothing changes, and no events or versions come of it.
    """
    desk.job(price="10")
    estimate = desk.estimate()
    issued = links.issue(estimate)
    known = desk.premises.shop.read_events(MANAGER, 0).last
    token = LinkToken(issued.url.removeprefix(f"{PUBLIC_URL}/a/"))

    seen = {links.read(token).estimate for _ in range(50)}

    assert {estimate} == seen
    assert () == links.read(token).decisions
    assert NOON + timedelta(hours=72) == issued.expires_at == links.read(token).expires_at
    assert known == desk.premises.shop.read_events(MANAGER, 0).last


def test_an_answer_by_link_is_a_decision(desk: Desk, links: Links) -> None:
    """
    Nobody has entered it; the name is what was typed, and the page is a receipt then.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="20")
    estimate = desk.estimate()
    token = links.token(estimate)
    known = desk.premises.shop.read_events(MANAGER, 0).last

    decision = links.answer(token, {first: YES, second: NO})

    assert (Channel.LINK, "Ada Moore", None) == (decision.channel, decision.person, decision.by)
    assert (decision,) == desk.decisions() == links.read(token).decisions
    assert EstimateStatus.ANSWERED is links.read(token).estimate.status
    assert [first.id] == [job.id for job in desk.read().jobs]
    events = desk.premises.shop.read_events(MANAGER, known).items
    assert {Initiator.ANONYMOUS} == {event.by.role for event in events}
    assert (None, LinkEnd.ANSWERED) == links.end_of(token)
    assert (decision,) == desk.decisions()


def test_what_is_missing_is_named(desk: Desk, links: Links) -> None:
    """
    Every job needs an answer, and the form a name; then nothing is decided and the link is good.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="20")
    token = links.token(desk.estimate())

    with pytest.raises(Invalid) as refused:
        links.answer(token, {first: YES}, None)
    assert [f"#/job-{second.id}", "#/name"] == [one.pointer for one in refused.value.problems]
    assert () == desk.decisions()
    links.answer(token, {first: YES, second: YES})


def test_jobs_that_have_an_answer_need_none(desk: Desk, links: Links) -> None:
    """
    What was decided by phone stays, and a form that says the same of it is taken.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="20")
    estimate = desk.estimate()
    token = links.token(estimate)
    desk.decide(estimate, {first: YES})

    decision = links.answer(token, {first: YES, second: YES})

    assert [(second.id, YES)] == [(one.job_id, one.answer) for one in decision.answers]
    assert 2 == len(desk.read().jobs)


@pytest.mark.parametrize("meanwhile", [YES, NO])
def test_another_answer_than_by_phone_is_not_lost(
    desk: Desk, links: Links, meanwhile: Answer
) -> None:
    """
    Who opened the form before somebody called, and answers otherwise, is told so; nothing is taken.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="20")
    estimate = desk.estimate()
    token = links.token(estimate)
    by_phone = desk.decide(estimate, {first: meanwhile})
    other = NO if meanwhile is YES else YES

    with pytest.raises(Invalid) as refused:
        links.answer(token, {first: other, second: YES})

    assert [f"#/job-{first.id}"] == [one.pointer for one in refused.value.problems]
    assert (by_phone,) == desk.decisions()
    links.answer(token, {second: YES})
    assert 2 == len(desk.decisions())


def test_a_forged_token_is_not_found(desk: Desk, links: Links) -> None:
    """
    Any changed letter, and a token for another purpose; without asking the store.
    """
    desk.job(price="10")
    token = links.token(desk.estimate())
    blind = evolve(links.shop.read_approval, read_only=_no_store)
    resets = TOKENS.issue(LinkPurpose.PASSWORD_RESET, TOKENS.read(LinkPurpose.APPROVAL, token))

    for place, letter in enumerate(token):
        forged = LinkToken(f"{token[:place]}{'A' if letter != 'A' else 'B'}{token[place + 1 :]}")
        with pytest.raises(LinkNotFound):
            blind(ANONYMOUS, forged)
    for forged in (resets, LinkToken(f"{token}A"), LinkToken("")):
        with pytest.raises(LinkNotFound):
            blind(ANONYMOUS, forged)
        with pytest.raises(LinkNotFound):
            links.answer(forged, {})


def _no_store() -> Any:
    raise AssertionError


def test_a_link_ends(desk: Desk, links: Links) -> None:
    """
    When it expires, is replaced or superseded, or when the ticket is finished.
    """
    desk.job(price="10")
    first = links.token(desk.estimate())
    second = links.token(desk.estimate())
    newest = desk.estimate()
    third, fourth = links.token(newest, expires_in_hours=1), links.token(newest)

    assert (LinkEnd.SUPERSEDED,) * 2 == links.end_of(first) == links.end_of(second)
    assert (LinkEnd.REPLACED,) * 2 == links.end_of(third)
    assert 3 == links.read(fourth).estimate.number
    desk.premises.clock.advance(hours=1)
    assert (LinkEnd.EXPIRED,) * 2 == links.end_of(third)
    desk.premises.clock.advance(hours=71)
    assert (LinkEnd.EXPIRED,) * 2 == links.end_of(fourth)
    last = links.token(desk.estimate(valid_until=desk.premises.clock().date()))
    desk.go(Status.CANCELLED)
    assert (LinkEnd.CLOSED,) * 2 == links.end_of(last)
    desk.premises.clock.advance(days=1)
    assert (LinkEnd.EXPIRED,) * 2 == links.end_of(last)


def test_a_receipt_stays(desk: Desk, links: Links) -> None:
    """
    A link that was used shows what was decided, also when it has expired or there is a newer one.
    """
    job = desk.job(price="10")
    token = links.token(desk.estimate())
    decision = links.answer(token, {job: YES})

    desk.premises.clock.advance(days=30)
    desk.estimate(job)

    assert (decision,) == links.read(token).decisions


def test_only_open_estimates_get_links(desk: Desk, links: Links) -> None:
    """
    Not what is answered, superseded or expired, and no ticket that is finished.
    """
    job = desk.job(price="10")
    former, newer = desk.estimate(), desk.estimate(valid_until=NOON.date())

    with pytest.raises(EstimateSuperseded):
        links.issue(former)
    desk.decide(newer, {job: YES})
    with pytest.raises(EstimateAnswered):
        links.issue(newer)
    last = desk.estimate(job, valid_until=NOON.date())
    desk.premises.clock.advance(days=1)
    with pytest.raises(EstimateExpired):
        links.issue(last)
    desk.go(Status.CANCELLED)
    with pytest.raises(TicketFrozen):
        links.issue(last)


def test_a_link_is_sent_to_the_customer(desk: Desk, links: Links) -> None:
    """
    The letter has the link that was issued, and is written when it is sent.
    """
    desk.follow(name="Mill Lane Motors")
    desk.job(price="10")
    issued = links.issue(desk.estimate(), send=True)

    deliveries = links.shop.deliver_mails(MANAGER)

    (letter,) = links.letters
    assert (1, "Mill Lane Motors: your estimate") == (deliveries.sent, letter.subject)
    assert issued.url in letter.text
    assert "10.00 USD" in letter.text
    assert "2026-03-05 12:00 (UTC)" in letter.text


def test_no_letter_is_sent_in_vain(desk: Desk, links: Links) -> None:
    """
    Not to a former address, nor with a link that is good no longer.
    """
    job = desk.job(price="10")
    estimate = desk.estimate()
    links.issue(estimate, send=True)
    desk.decide(estimate, {job: YES})
    assert 0 == links.shop.deliver_mails(MANAGER).sent
    links.issue(desk.estimate(job), send=True)
    change = partial(evolve, email="new@x.example")
    links.shop.change_customer(MECHANIC, CustomerId(1), change)

    assert 0 == links.shop.deliver_mails(MANAGER).sent
    assert [] == links.letters


def test_who_gets_no_mail_is_said(desk: Desk, links: Links) -> None:
    """
    A customer without address, a shop that sends none, and too many to one address.
    """
    desk.job(price="10")
    estimate = desk.estimate()
    form = ApprovalLinkForm(send=True)

    with pytest.raises(MailOff):
        desk.premises.shop.issue_approval_link(MECHANIC, desk.ticket.id, estimate.number, form)
    for _ in range(MOST_APPROVALS):
        links.issue(estimate, send=True)
    with pytest.raises(TooMany):
        links.issue(estimate, send=True)
    walk_in = Desk(desk.premises, desk.premises.open(customer_id=2))
    walk_in.job(price="10")
    found = walk_in.estimate()
    with desk.premises.store.begin() as work:
        work.customers.save(evolve(work.customers.lock(CustomerId(2)), email=None))
    with pytest.raises(NoEmail):
        links.shop.issue_approval_link(MECHANIC, walk_in.ticket.id, found.number, form)


def test_links_of_an_erased_customer_are_gone(desk: Desk, links: Links) -> None:
    """
    Estimates, decisions and recommendations stay.
    """
    job = desk.job(price="10")
    token = links.token(desk.estimate())
    links.answer(token, {job: NO})
    desk.go(Status.CANCELLED)

    desk.premises.erase(1)

    assert (LinkEnd.REPLACED,) * 2 == links.end_of(token)
    assert ("Ada Moore",) == tuple(one.person for one in desk.decisions())
    assert 1 == len(desk.recommendations())
    assert desk.read().customer_id == CUSTOMER.id


def test_links_end_when_the_ticket_is_another_customers(desk: Desk, links: Links) -> None:
    """
    Who had it by mistake cannot see or decide anything; who has it now gets an estimate of theirs.
    """
    job = desk.job(price="10")
    mistaken = desk.estimate()
    former = links.token(mistaken)

    change = partial(evolve, customer_id=2)
    desk.premises.shop.change_ticket(MECHANIC, desk.ticket.id, change)

    assert (LinkEnd.REPLACED,) * 2 == links.end_of(former)
    with pytest.raises(EstimateSuperseded):
        links.token(mistaken)
    newer = links.token(desk.estimate())
    shown = links.read(newer).estimate.customer
    assert shown is not None
    assert "Cleo" == shown.name
    assert {job.id} == {one.job_id for one in links.answer(newer, {job: NO}).answers}
