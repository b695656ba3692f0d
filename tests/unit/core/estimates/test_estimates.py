"""Estimates: frozen copies of jobs, numbered by ticket, and what becomes of them."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from attrs import evolve

from mechanic_core.access import By, Role
from mechanic_core.errors import Invalid, Problem, Unknown
from mechanic_core.estimates.estimate import (
    Estimate,
    EstimateForm,
    EstimateNotFound,
    EstimateNumber,
    EstimateStatus,
    NothingToEstimate,
)
from mechanic_core.events.event import EventType
from mechanic_core.money import money, percent, quantity
from mechanic_core.pricing.discounts import Discount, Scope, TicketDiscount
from mechanic_core.pricing.pricing_rules import FeeBase, SuppliesFee, TaxRate
from mechanic_core.tickets.forms import DiscountsForm
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.job import JobKind
from mechanic_core.tickets.ticket import (
    TicketChanged,
    TicketFrozen,
    TicketNotFound,
    TicketStarted,
)
from mechanic_core.tickets.workflow import Status
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import NOON
from tests.unit.core.conftest import ALL
from tests.unit.core.estimates.desk import NO, YES, Desk

FEE = SuppliesFee(percent=percent(10), of=(FeeBase.LABOR,), cap=money(35))
OPEN, ANSWERED = EstimateStatus.OPEN, EstimateStatus.ANSWERED
SUPERSEDED, EXPIRED = EstimateStatus.SUPERSEDED, EstimateStatus.EXPIRED


def statuses(desk: Desk) -> list[EstimateStatus]:
    """Return the status of each estimate of the ticket."""
    return [
        one.status for one in desk.premises.shop.list_estimates(MECHANIC, desk.ticket.id, ALL).items
    ]


def test_an_estimate_shows_what_the_jobs_come_to(desk: Desk) -> None:
    """
    Jobs, lines, supplies, discounts, taxes and the whole ticket's total, under the present profile.
    """
    rate = TaxRate(tax_class="labor", authority="State", percent=percent(10))
    profile = desk.follow(tax_rates=(rate,), supplies_fee=FEE, name="Mill Lane Motors")
    brakes, oil = desk.job(), desk.job("Oil", kind=JobKind.MAINTENANCE)
    line, part = desk.labor(brakes, "100"), desk.part(brakes)
    desk.labor(oil, "50")
    discount = TicketDiscount(scope=Scope.LABOR, percent=percent(10), reason="Fleet")
    desk.premises.shop.replace_discounts(MECHANIC, desk.ticket.id, DiscountsForm(items=(discount,)))

    found = desk.estimate(brakes, note="Parts by Friday")

    (job,) = found.jobs
    assert (brakes.id, "Brakes", JobKind.REPAIR) == (job.id, job.title, job.kind)
    assert [(1, part.id, 1999), (2, line.id, 9000)] == [
        (one.line, one.id, one.net) for one in job.lines
    ]
    assert found.supplies is not None
    assert (3, 900, FEE) == (found.supplies.line, found.supplies.net, found.supplies.rule)
    assert (1999 + 9000, 1999 + 9000 + 900 + 900) == (job.totals.net, found.totals.total)
    assert ((discount,), [900]) == (found.discounts, [one.tax for one in found.tax])
    assert desk.read().totals.total == found.revised_total > found.totals.total
    assert (profile.name, profile.tax_rates) == (found.profile.name, found.profile.tax_rates)
    assert ("Parts by Friday", None, OPEN) == (found.note, found.valid_until, found.status)
    assert (desk.ticket.id, 1, desk.premises.clock()) == (
        found.ticket_id,
        found.number,
        found.created_at,
    )
    assert By(role=Role.MECHANIC, id=2, name="Bob") == found.by
    assert found == desk.read_estimate(found)
    assert found.digested() == found


def test_an_estimate_never_changes(desk: Desk) -> None:
    """
    Later lines, discounts and rules change nothing of it.
    """
    job = desk.job(price="10")
    found = desk.estimate()
    desk.premises.clock.advance(hours=1)
    desk.fee(job, "20")
    desk.follow(supplies_fee=FEE, name="Other")

    assert found == desk.read_estimate(found)


def test_estimates_are_numbered_by_ticket(desk: Desk) -> None:
    """
    Each ticket has its own 1, 2 and 3; another ticket's is not found.
    """
    desk.job(price="10")
    other = Desk(desk.premises, desk.premises.open())
    other.job(price="10")

    assert [1, 2, 1] == [desk.estimate().number, desk.estimate().number, other.estimate().number]
    with pytest.raises(EstimateNotFound):
        desk.premises.shop.read_estimate(MECHANIC, other.ticket.id, EstimateNumber(2))


def test_jobs_that_need_an_answer_are_estimated(desk: Desk) -> None:
    """
    Without ids: those that are proposed, and those that have changed; none is refused.
    """
    with pytest.raises(NothingToEstimate, match="the ticket has no jobs"):
        desk.estimate()
    first, second = desk.job(price="10"), desk.job("Oil", price="10")
    desk.authorize(first)

    assert [second.id] == [job.id for job in desk.estimate().jobs]
    desk.fee(first, "1")
    assert [first.id, second.id] == [job.id for job in desk.estimate().jobs]
    desk.authorize(first, second)
    with pytest.raises(NothingToEstimate):
        desk.estimate()
    assert [first.id] == [job.id for job in desk.estimate(first).jobs]


def test_named_jobs_must_be_on_the_ticket(desk: Desk) -> None:
    """
    An unknown job, one that is named twice, and a day that is over are refused.
    """
    job = desk.job(price="10")
    make = partial(desk.premises.shop.make_estimate, MECHANIC, desk.ticket.id)

    with pytest.raises(Unknown, match="#/job_ids/1"):
        make(EstimateForm(job_ids=(job.id, 99)))
    with pytest.raises(Invalid, match="#/job_ids/1: is named twice"):
        EstimateForm(job_ids=(job.id, job.id))
    with pytest.raises(Invalid, match="#/job_ids"):
        EstimateForm(job_ids=())
    with pytest.raises(Invalid) as refused:
        make(EstimateForm(job_ids=(99,), valid_until=NOON.date() - timedelta(days=1)))
    unknown, over = refused.value.problems
    assert "#/job_ids/0" == unknown.pointer
    assert Problem("#/valid_until", f"must not be before today, {NOON.date()}") == over


def test_an_estimate_is_valid_through_its_last_day(desk: Desk) -> None:
    """
    The day ends when it ends in the time zone of the shop.
    """
    desk.follow(time_zone="Pacific/Honolulu")  # ten hours behind
    desk.job(price="10")
    found = desk.estimate(valid_until=NOON.date())

    desk.premises.clock.at = NOON.replace(hour=9) + timedelta(days=1)
    assert OPEN is desk.read_estimate(found).status
    desk.premises.clock.advance(hours=1)
    assert EXPIRED is desk.read_estimate(found).status
    assert [EXPIRED] == statuses(desk)


def test_a_newer_estimate_takes_the_place_of_the_former(desk: Desk) -> None:
    """
    One that holds one of its jobs does; another one does not.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="10")
    desk.estimate(first)
    desk.estimate(second)
    assert [OPEN, OPEN] == statuses(desk)

    both = desk.estimate(first, second)
    assert [SUPERSEDED, SUPERSEDED, OPEN] == statuses(desk)
    desk.decide(both, {first: YES})
    assert OPEN is statuses(desk)[-1]
    desk.decide(both, {second: YES})
    assert ANSWERED is statuses(desk)[-1]
    desk.premises.clock.advance(hours=1)
    desk.estimate(first)
    assert [SUPERSEDED, SUPERSEDED, SUPERSEDED, OPEN] == statuses(desk)


def test_a_removed_job_takes_its_estimate_along(desk: Desk) -> None:
    """
    One that was not answered supersedes the estimate; one that was answered does not.
    """
    first, second = desk.job(), desk.job("Oil", price="10")
    found = desk.estimate(first, second)
    remove = partial(desk.premises.shop.remove_job, MECHANIC, desk.ticket.id)

    desk.decide(found, {first: YES})
    remove(first.id)
    assert [OPEN] == statuses(desk)
    (line,) = desk.read().charges
    desk.premises.shop.remove_charge(MECHANIC, desk.ticket.id, line.id)
    remove(second.id)
    assert [SUPERSEDED] == statuses(desk)


def test_an_answered_estimate_does_not_expire(desk: Desk) -> None:
    """
    It stays answered when its last day is over.
    """
    job = desk.job(price="10")
    found = desk.estimate(valid_until=NOON.date())
    desk.decide(found, {job: YES})

    desk.premises.clock.advance(days=2)

    assert ANSWERED is desk.read_estimate(found).status


def test_a_change_after_the_estimate_marks_the_job(desk: Desk) -> None:
    """
    Every change of an authorized job's lines does, at once; a new authorization ends it.
    """
    shop, ticket = desk.premises.shop, desk.ticket
    job, other = desk.job(), desk.job("Oil")
    labor, part, fee = desk.labor(job, "50"), desk.part(job), desk.fee(job, "5")
    discounted = partial(evolve, discount=Discount(amount=money(5)))
    changes: list[Callable[[], object]] = [
        partial(desk.fee, job, "1"),
        partial(desk.labor, job, "1"),
        partial(desk.part, job),
        partial(
            shop.change_part_line,
            MECHANIC,
            ticket.id,
            part.id,
            partial(evolve, quantity=quantity(2)),
        ),
        partial(shop.change_labor_line, MECHANIC, ticket.id, labor.id, discounted),
        partial(shop.change_charge, MECHANIC, ticket.id, fee.id, partial(evolve, job_id=other.id)),
        partial(shop.change_charge, MECHANIC, ticket.id, fee.id, partial(evolve, job_id=job.id)),
        partial(shop.remove_charge, MECHANIC, ticket.id, fee.id),
        partial(
            shop.change_job, MECHANIC, ticket.id, job.id, partial(evolve, kind=JobKind.WARRANTY)
        ),
    ]

    for change in changes:
        desk.authorize(job)
        assert [False, False] == [one.changed_since_authorized for one in desk.read().jobs]
        change()
        assert [True, False] == [one.changed_since_authorized for one in desk.read().jobs]


def test_other_changes_mark_no_job(desk: Desk) -> None:
    """
    A new title, who does the work, another job's line and a discount of the ticket are none.
    """
    shop, ticket = desk.premises.shop, desk.ticket
    job, other = desk.job(), desk.job("Oil")
    labor = desk.labor(job, "50")
    desk.authorize(job)

    shop.change_job(MECHANIC, ticket.id, job.id, partial(evolve, title="All brakes"))
    shop.change_labor_line(MECHANIC, ticket.id, labor.id, partial(evolve, mechanic_id=2))
    desk.fee(other, "5")
    discount = TicketDiscount(scope=Scope.ALL, percent=percent(10), reason="Fleet")
    shop.replace_discounts(MECHANIC, ticket.id, DiscountsForm(items=(discount,)))

    assert [False, False] == [one.changed_since_authorized for one in desk.read().jobs]


def test_a_change_before_the_answer_marks_the_job(desk: Desk) -> None:
    """
    What the customer authorizes is the estimate: a job that differs by then has changed since.
    """
    job = desk.job(price="10")
    found = desk.estimate()
    desk.fee(job, "5")

    desk.decide(found, {job: YES})

    (after,) = desk.read().jobs
    assert (True, money(10)) == (after.changed_since_authorized, desk.authorization().authorized)


def test_estimates_are_recorded(desk: Desk) -> None:
    """
    The ticket's history and the events have them.
    """
    desk.job(price="10")
    known = desk.premises.shop.read_events(MANAGER, 0).last
    desk.estimate(note="By phone")
    desk.estimate()

    assert [(HistoryEvent.ESTIMATED, None, f"estimate {n}: 10.00") for n in (1, 2)] == (
        desk.premises.entries(desk.ticket)[-2:]
    )
    feed = desk.premises.shop.read_events(MANAGER, known)
    path = f"/service_tickets/{desk.ticket.id}"
    assert [
        (EventType.TICKET_CHANGED, path, ()),
        (EventType.ESTIMATE_CREATED, f"{path}/estimates/1", ()),
        (EventType.ESTIMATE_CHANGED, f"{path}/estimates/1", ("status",)),
        (EventType.TICKET_CHANGED, path, ()),
        (EventType.ESTIMATE_CREATED, f"{path}/estimates/2", ()),
    ] == [(one.type, one.subject, one.changes) for one in feed.items]
    subjects = desk.premises.shop.read_event_subjects(MANAGER, feed).subjects
    assert SUPERSEDED is _estimate(subjects[f"{path}/estimates/1"]).status


def _estimate(subject: object) -> Estimate:
    assert isinstance(subject, Estimate)
    return subject


def test_who_may_see_estimates(desk: Desk) -> None:
    """
    The customer of the ticket sees them; to others the ticket does not exist.
    """
    desk.job(price="10")
    found = desk.estimate()
    shop, stranger = desk.premises.shop, evolve(CUSTOMER, id=2)

    assert found == desk.read_estimate(found, CUSTOMER)
    assert (found,) == shop.list_estimates(CUSTOMER, desk.ticket.id, ALL).items
    for read in (
        partial(desk.read_estimate, found, stranger),
        partial(shop.list_estimates, stranger, desk.ticket.id, ALL),
        partial(shop.list_decisions, stranger, desk.ticket.id, ALL),
        partial(shop.read_authorization, stranger, desk.ticket.id),
    ):
        with pytest.raises(TicketNotFound):
            read()


def test_a_finished_ticket_gets_no_estimate(desk: Desk) -> None:
    """
    Neither does one that has changed since it was read.
    """
    desk.job(price="10")
    with pytest.raises(TicketChanged):
        desk.premises.shop.make_estimate(MECHANIC, desk.ticket.id, EstimateForm(), 1)
    desk.go(Status.IN_PROGRESS, Status.COMPLETED)
    with pytest.raises(TicketFrozen):
        desk.estimate()


def test_a_ticket_with_an_estimate_stays(desk: Desk) -> None:
    """
    It cannot be deleted, even without lines; nor can one with a spending limit.
    """
    job = desk.job()
    desk.estimate()
    desk.premises.shop.remove_job(MECHANIC, desk.ticket.id, job.id)
    limited = Desk(desk.premises, desk.premises.open())
    limited.limit("10")

    for ticket in (desk.ticket, limited.ticket):
        with pytest.raises(TicketStarted):
            desk.premises.shop.remove_ticket(MANAGER, ticket.id)


def test_answered_jobs_are_remembered(desk: Desk) -> None:
    """
    Answers may come one by one, and a job may be answered again.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="10")
    found = desk.estimate()

    desk.decide(found, {first: YES})
    desk.decide(found, {first: YES})
    assert (second.id,) == desk.read_estimate(found).unanswered
    desk.decide(found, {second: NO})
    assert ANSWERED is desk.read_estimate(found).status
