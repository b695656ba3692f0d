"""Decisions: who has authorized or declined what, when, and how the shop knows."""

import json
import runpy
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from attrs import evolve

from mechanic_core.access import Actor, By, Role, RoleForbids
from mechanic_core.customers.customer import CustomerId, CustomerMerge
from mechanic_core.digests import canonical_text
from mechanic_core.errors import Invalid, Problem, Unknown
from mechanic_core.estimates.decision import (
    Answer,
    Channel,
    Decision,
    DecisionForm,
    DecisionKind,
    JobAnswer,
    JobAnswerForm,
    LimitForm,
    WorkStarted,
    broken_links,
)
from mechanic_core.estimates.estimate import (
    EstimateExpired,
    EstimateNotFound,
    EstimateNumber,
    EstimateSuperseded,
)
from mechanic_core.events.event import EventType
from mechanic_core.money import Money, money
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.job import JobId, JobStatus
from mechanic_core.tickets.ownership import CustomerFixed
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketNotFound
from mechanic_core.tickets.workflow import Status
from mechanic_http.json import codec
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import NOON
from tests.unit.core.estimates.desk import NO, YES, Desk

REFERENCE = Path(__file__).parents[4] / "docs" / "reference"


def test_a_decision_says_who_agreed_to_what(desk: Desk) -> None:
    """
    Date, name, number called, what was added and the new total, as the laws ask.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="20")
    found = desk.estimate()

    decision = desk.decide(
        found,
        {second: NO, first: YES},
        person="Ada Moore",
        channel=Channel.PHONE,
        contact="+1-555-0100",
        note="Called at noon",
    )

    assert (
        Decision(
            id=decision.id,
            ticket_id=desk.ticket.id,
            kind=DecisionKind.ESTIMATE,
            estimate=1,
            answers=(
                JobAnswer(job_id=first.id, answer=YES, amount=money(10)),
                JobAnswer(job_id=second.id, answer=NO, amount=money(20)),
            ),
            authorized_total=money(10),
            person="Ada Moore",
            channel=Channel.PHONE,
            contact="+1-555-0100",
            note="Called at noon",
            at=desk.premises.clock(),
            by=By(role=Role.MECHANIC, id=2, name="Bob"),
            previous=None,
            digest=decision.digest,
        )
        == decision
    )
    assert (decision,) == desk.decisions()
    (job,) = desk.read().jobs
    assert (JobStatus.AUTHORIZED, 1) == (job.status, job.authorized_in)
    text = f"estimate 1: authorized job {first.id}, declined job {second.id}"
    assert (HistoryEvent.DECIDED, None, text) == desk.premises.entries(desk.ticket)[-1]


def test_customers_decide_for_themselves(desk: Desk) -> None:
    """
    With their answers alone, on their own tickets; nobody else's ticket exists for them.
    """
    job = desk.job(price="10")
    found = desk.estimate()

    with pytest.raises(TicketNotFound):
        desk.decide(found, {job: YES}, evolve(CUSTOMER, id=2))
    for given in ({"person": "Ada"}, {"note": "!"}, {"channel": Channel.IN_PERSON}):
        with pytest.raises(RoleForbids):
            desk.decide(found, {job: YES}, CUSTOMER, **given)
    decision = desk.decide(found, {job: YES}, CUSTOMER)

    assert (Channel.PORTAL, "Ada", None) == (decision.channel, decision.person, decision.contact)
    assert By(role=Role.CUSTOMER, id=1, name="Ada") == decision.by


@pytest.mark.parametrize("channel", [Channel.PHONE, Channel.TEXT, Channel.EMAIL])
def test_who_was_called_must_be_said(channel: Channel) -> None:
    """
    What is decided by phone, text or e-mail needs a contact; in person it needs none.
    """
    problem = (Problem("#/contact", f"is required for the channel {channel}"),)
    answers = (JobAnswerForm(job_id=1, answer=YES),)

    form = DecisionForm(answers=answers, person="Ada", channel=channel)
    with pytest.raises(Invalid) as refused:
        form.require_suitable(MECHANIC, [JobId(1)])
    assert problem == refused.value.problems
    with pytest.raises(Invalid) as refused:
        LimitForm(amount=Money(1), person="Ada", channel=channel)
    assert problem == refused.value.problems
    evolve(form, contact="555").require_suitable(MECHANIC, [JobId(1)])


def test_staff_say_from_whom_and_how(desk: Desk) -> None:
    """
    Person and channel are required from staff; portal and link are not theirs to give.
    """
    job = desk.job(price="10")
    found = desk.estimate()

    with pytest.raises(Invalid) as refused:
        desk.decide(found, {job: YES}, person=None, channel=None)
    assert ["#/person", "#/channel"] == [one.pointer for one in refused.value.problems]
    for channel in (Channel.PORTAL, Channel.LINK):
        with pytest.raises(Invalid, match="#/channel"):
            desk.decide(found, {job: YES}, channel=channel)


def test_answers_are_for_jobs_of_the_estimate(desk: Desk) -> None:
    """
    A job of no estimate, one that has left the ticket, and one that is answered twice are refused.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="10")
    found = desk.estimate(first)

    with pytest.raises(Unknown, match="#/answers/1/job_id"):
        desk.decide(found, {first: YES, second: YES})
    desk.decide(found, {first: NO})
    with pytest.raises(Unknown, match="#/answers/0/job_id"):
        desk.decide(found, {first: YES})
    twice = DecisionForm(answers=(JobAnswerForm(job_id=1, answer=YES),) * 2, channel=Channel.PHONE)
    with pytest.raises(Invalid) as refused:
        twice.require_suitable(MECHANIC, [])
    assert [
        *("#/answers/1/job_id", "#/person", "#/contact"),
        *("#/answers/0/job_id", "#/answers/1/job_id"),
    ] == [one.pointer for one in refused.value.problems]
    with pytest.raises(EstimateNotFound):
        desk.decide(evolve(found, number=EstimateNumber(9)), {second: YES})


def test_only_the_newest_estimate_is_decided_on(desk: Desk) -> None:
    """
    A superseded or expired one is refused, and nothing is decided.
    """
    job = desk.job(price="10")
    former = desk.estimate()
    newer = desk.estimate(valid_until=NOON.date())

    with pytest.raises(EstimateSuperseded):
        desk.decide(former, {job: YES})
    desk.premises.clock.advance(days=1)
    with pytest.raises(EstimateExpired):
        desk.decide(newer, {job: YES})
    assert () == desk.decisions()
    assert JobStatus.PROPOSED is desk.read().jobs[0].status


def test_work_that_has_started_is_taken_back_by_staff_alone(desk: Desk) -> None:
    """
    Before that customers may change their mind; declining what is proposed they always may.
    """
    first, second, third = (desk.job(title, price="10") for title in ("A", "B", "C"))
    found = desk.estimate()
    desk.decide(found, {first: YES, second: YES})
    desk.decide(found, {first: NO}, CUSTOMER)
    desk.go(Status.ON_HOLD)
    desk.decide(found, {second: YES}, CUSTOMER)
    desk.go(Status.IN_PROGRESS, Status.ON_HOLD)

    with pytest.raises(WorkStarted):
        desk.decide(found, {second: NO}, CUSTOMER)
    desk.go(Status.IN_PROGRESS)
    with pytest.raises(WorkStarted):
        desk.decide(found, {third: NO, second: NO}, CUSTOMER)
    desk.decide(found, {third: NO}, CUSTOMER)
    desk.decide(found, {second: NO})
    assert () == desk.read().jobs


def test_a_customer_on_hold_before_work_may_change_their_mind(desk: Desk) -> None:
    """
    A ticket that waits without ever having been started is no work that has started.
    """
    job = desk.job(price="10")
    desk.authorize(job)
    desk.go(Status.ON_HOLD)

    desk.decide(desk.estimate(job), {job: NO}, CUSTOMER)

    assert () == desk.read().jobs


def test_finished_tickets_take_no_answers(desk: Desk) -> None:
    """
    Limits are taken until the ticket is closed, answers until it is completed.
    """
    job = desk.job(price="10")
    found = desk.estimate()
    desk.go(Status.IN_PROGRESS, Status.COMPLETED)

    with pytest.raises(TicketFrozen):
        desk.decide(found, {job: YES})
    limit = desk.limit("20")
    assert (DecisionKind.LIMIT, money(20), None, ()) == (
        limit.kind,
        limit.amount,
        limit.estimate,
        limit.answers,
    )
    assert money(20) == desk.authorization().ceiling
    desk.go(Status.CLOSED)
    with pytest.raises(TicketFrozen):
        desk.limit("30")


def test_limits_are_recorded(desk: Desk) -> None:
    """
    The history has the former limit and the new one.
    """
    desk.limit("20")
    desk.limit("30.5")

    assert [
        (HistoryEvent.LIMITED, None, "20.00"),
        (HistoryEvent.LIMITED, "20.00", "30.50"),
    ] == desk.premises.entries(desk.ticket)


def test_versions_are_checked(desk: Desk) -> None:
    """
    A decision may depend on the version of the ticket that was read.
    """
    job = desk.job(price="10")
    found, shop = desk.estimate(), desk.premises.shop
    form = DecisionForm(
        answers=(JobAnswerForm(job_id=job.id, answer=Answer.AUTHORIZED),),
        person="Ada",
        channel=Channel.IN_PERSON,
    )

    with pytest.raises(TicketChanged):
        shop.decide_on_estimate(MECHANIC, desk.ticket.id, found.number, form, 1)
    limit = LimitForm(amount=Money(1), person="Ada", channel=Channel.IN_PERSON)
    with pytest.raises(TicketChanged):
        shop.set_spending_limit(MECHANIC, desk.ticket.id, limit, 1)


def chain(desk: Desk) -> tuple[Decision, ...]:
    """Return three decisions."""
    job = desk.job(price="10.5")
    desk.decide(
        desk.estimate(), {job: YES}, person='Ünï "Q"', channel=Channel.EMAIL, contact="a@b.example"
    )
    desk.limit("20")
    desk.limit("30.01")
    return desk.decisions()


def test_the_chain_can_be_checked_by_anybody(desk: Desk) -> None:
    """
    From what the API shows: sorted members without blanks, in UTF-8, but id, digest and by.name.
    """
    previous = None
    for decision in chain(desk):
        shown = json.loads(codec.encode(decision))
        digest = shown.pop("digest")
        shown.pop("id")
        del shown["by"]["name"]

        text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

        assert sha256(text.encode()).hexdigest() == digest == decision.digest
        assert previous == shown["previous"]
        previous = digest


def test_the_text_of_an_estimate_is_that_of_the_api(desk: Desk) -> None:
    """
    Its digest can be computed again in the same way.
    """
    desk.follow(supplies_fee=None, disclosures=("One\n“two”",))
    desk.labor(desk.job(), "33.33", "0.125")
    found = desk.estimate(valid_until=NOON.date(), note="Größe")

    shown = json.loads(codec.encode(found))
    del shown["by"]["name"], shown["digest"], shown["status"]
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert canonical_text(found, {"digest", "status"}) == text
    assert sha256(text.encode()).hexdigest() == found.digest


def test_a_changed_decision_breaks_the_chain(desk: Desk) -> None:
    """
    A change of any member is found, and so is one that is missing or moved.
    """
    first, second, third = chain(desk)

    assert () == broken_links((first, second, third))
    for change in (
        partial(evolve, person="Eve"),
        partial(evolve, amount=Money(2001)),
        partial(evolve, channel=Channel.LINK),
        partial(evolve, by=None),
        partial(evolve, previous=None),
        partial(evolve, at=second.at.replace(microsecond=1)),
    ):
        assert (second.id,) == broken_links((first, change(second), third))
    forged = evolve(second, amount=Money(2001)).digested()
    assert (third.id,) == broken_links((first, forged, third))
    assert (third.id,) == broken_links((first, third))
    assert broken_links((second, first, third))


def test_a_decision_is_a_change_of_the_ticket(desk: Desk) -> None:
    """
    Its event names the members of the ticket that differ; the estimate has its own.
    """
    job = desk.job(price="10")
    found = desk.estimate()
    known = desk.premises.shop.read_events(MANAGER, 0).last

    desk.decide(found, {job: YES})
    desk.limit("20")

    path = f"/service_tickets/{desk.ticket.id}"
    assert [
        (EventType.TICKET_CHANGED, path, ("jobs",)),
        (EventType.ESTIMATE_CHANGED, f"{path}/estimates/1", ("status",)),
        (EventType.TICKET_CHANGED, path, ()),
    ] == [
        (one.type, one.subject, one.changes)
        for one in desk.premises.shop.read_events(MANAGER, known).items
    ]


def test_the_customer_stays_once_something_is_decided(desk: Desk) -> None:
    """
    Merging two records of them still moves the ticket.
    """
    job = desk.job(price="10")
    change = partial(desk.premises.shop.change_ticket, MECHANIC, desk.ticket.id)
    desk.decide(desk.estimate(), {job: NO})

    with pytest.raises(CustomerFixed):
        change(partial(evolve, customer_id=2))
    change(partial(evolve, description="Squeals"))
    merge = CustomerMerge(from_id=1)
    desk.premises.shop.merge_customers(MANAGER, CustomerId(2), merge)

    assert 2 == desk.read().customer_id
    (moved,) = desk.recommendations(customer_id=2)
    assert (desk.ticket.id, 2) == (moved.ticket_id, moved.version)
    assert Actor(Role.CUSTOMER, 2).id == moved.customer_id


def test_the_published_script_checks_the_chain(desk: Desk) -> None:
    """
    It finds what was changed, and nothing else.
    """
    script = runpy.run_path(str(REFERENCE / "check_decisions.py"))
    decisions = [json.loads(codec.encode(one)) for one in chain(desk)]
    estimate = desk.premises.shop.read_estimate(MECHANIC, desk.ticket.id, EstimateNumber(1))
    shown = json.loads(codec.encode(estimate))

    assert [] == script["wrong"](decisions)
    assert shown["digest"] == script["digest_of"](shown)
    decisions[1]["amount"] = 21
    assert [decisions[1]["id"]] == script["wrong"](decisions)
