"""The ceiling of a ticket, and the guards of the workflow that keep its bill below it."""

from typing import Any

import pytest
from attrs import evolve

from mechanic_core.money import money, percent
from mechanic_core.pricing.pricing_rules import FeeBase, SuppliesFee, TaxRate
from mechanic_core.profile.billing import AuthorizationMode, Tolerance
from mechanic_core.tickets.forms import TransitionForm
from mechanic_core.tickets.job import JobKind
from mechanic_core.tickets.workflow import Status, TransitionBlocked
from tests.shops import MECHANIC
from tests.unit.core.estimates.desk import NO, YES, Desk

TAX = TaxRate(tax_class="fees", authority="State", percent=percent("4.54"))
STARTED, DONE = Status.IN_PROGRESS, Status.COMPLETED


def test_two_jobs_are_authorized_as_one_document(desk: Desk) -> None:
    """
    Two jobs of 10.00 at 4.54 %: 20.91 is authorized, not twice 10.45, and the ticket completes.
    """
    desk.follow(authorization=AuthorizationMode.CEILING, tax_rates=(TAX,))
    first, second = desk.job(price="10"), desk.job("Oil", price="10")

    decision = desk.authorize(first, second)

    found = desk.authorization()
    assert money("20.91") == decision.authorized_total == found.authorized == found.current
    assert (found.ceiling, 0) == (found.current, found.headroom)
    assert DONE is desk.go(STARTED, DONE).status


def test_jobs_of_several_estimates_are_one_document(desk: Desk) -> None:
    """
    Jobs that were authorized one by one come to as much as together.
    """
    desk.follow(tax_rates=(TAX,))
    first, second = desk.job(price="10"), desk.job("Oil", price="10")

    amounts = [desk.authorize(job).authorized_total for job in (first, second)]

    assert [money("10.45"), money("20.91")] == amounts
    assert money("20.91") == desk.authorization().authorized


def test_the_fee_is_that_of_what_is_authorized(desk: Desk) -> None:
    """
    A fee of 10 % of labour, at most 35.00, over two jobs of which one is declined.
    """
    fee = SuppliesFee(percent=percent(10), of=(FeeBase.LABOR,), cap=money(35))
    desk.follow(authorization=AuthorizationMode.CEILING, supplies_fee=fee)
    first, second = desk.job(), desk.job("Clutch")
    desk.labor(first, "200")
    desk.labor(second, "300")
    estimate = desk.estimate()

    desk.decide(estimate, {first: YES, second: NO})

    assert (money(535), money(35)) == (estimate.totals.total, estimate.supplies.net)  # type: ignore[union-attr]
    found = desk.authorization()
    assert money(220) == found.authorized == found.current == desk.read().totals.total
    assert DONE is desk.go(STARTED, DONE).status


def test_a_cent_too_much_is_refused(desk: Desk) -> None:
    """
    0.01 over the ceiling blocks completion, until the customer agrees.
    """
    desk.follow(authorization=AuthorizationMode.CEILING)
    job = desk.job(price="100")
    desk.authorize(job)
    desk.go(STARTED)
    desk.fee(job, "0.01")

    assert ["over-authorized"] == desk.blockers(DONE)
    with pytest.raises(TransitionBlocked) as refused:
        desk.go(DONE)
    blockers: Any = refused.value.facts["blockers"]
    (blocker,) = blockers
    amounts = {name: str(blocker[name]) for name in ("ceiling", "current", "excess")}
    assert {"ceiling": "100.00", "current": "100.01", "excess": "0.01"} == amounts
    assert STARTED is desk.read().status
    desk.authorize(job)
    assert DONE is desk.go(DONE).status


@pytest.mark.parametrize(
    ("estimated", "more", "blockers"),
    [
        ("80", "10", []),
        ("80", "10.01", ["over-authorized"]),
        ("1000", "50", []),
        ("1000", "50.01", ["over-authorized"]),
    ],
)
def test_the_tolerance_ends_at_a_cent(
    desk: Desk, estimated: str, more: str, blockers: list[str]
) -> None:
    """
    Florida: 90.00 passes for 80.00 and 90.01 does not; 1050.00 for 1000.00 and 1050.01 does not.
    """
    tolerance = Tolerance(percent=percent(10), amount=money(10), most=money(50))
    desk.follow(authorization=AuthorizationMode.CEILING, tolerance=tolerance)
    job = desk.job(price=estimated)
    desk.authorize(job)
    desk.go(STARTED)
    desk.fee(job, more)

    assert blockers == desk.blockers(DONE)
    assert -len(blockers) == desk.authorization().headroom


def test_nothing_authorized_has_no_tolerance(desk: Desk) -> None:
    """
    Without an authorized job nothing is authorized, whatever the tolerance.
    """
    desk.follow(tolerance=Tolerance(amount=money(10)))
    job = desk.job(price="5")

    found = desk.authorization()

    assert (0, 0, 0, None) == (found.authorized, found.tolerance, found.ceiling, found.limit)
    assert ((job.id,), (), -money(5)) == (found.undecided, found.changed, found.headroom)


def test_work_starts_with_a_yes(desk: Desk) -> None:
    """
    A job, a limit or nothing but warranty jobs: without one of them work does not start.
    """
    desk.follow(authorization=AuthorizationMode.CEILING)
    assert ["not-authorized"] == desk.blockers(STARTED)
    warranty = desk.job(kind=JobKind.WARRANTY)
    assert [] == desk.blockers(STARTED)
    desk.premises.shop.remove_job(MECHANIC, desk.ticket.id, warranty.id)
    first, _ = desk.job(price="10"), desk.job("Oil", price="10")
    assert ["not-authorized"] == desk.blockers(STARTED)
    desk.limit("0")
    assert ["not-authorized"] == desk.blockers(STARTED)
    desk.limit("20")
    assert [] == desk.blockers(STARTED)
    desk.limit("0")
    desk.authorize(first)
    assert [] == desk.blockers(STARTED)
    desk.go(Status.ON_HOLD)
    assert [] == desk.blockers(STARTED)


def test_reopening_asks_for_nothing(desk: Desk) -> None:
    """
    A ticket that was completed before the shop asked for authorization can be reopened.
    """
    desk.job(price="10")
    desk.go(STARTED, DONE)
    desk.follow(authorization=AuthorizationMode.CEILING)

    assert [] == desk.blockers(STARTED)
    assert STARTED is desk.go(STARTED).status
    assert ["undecided-jobs", "over-authorized"] == desk.blockers(DONE)


def test_every_job_is_decided_or_within_the_limit(desk: Desk) -> None:
    """
    An undecided job blocks completion, unless a limit covers the whole ticket.
    """
    desk.follow(authorization=AuthorizationMode.CEILING, tolerance=Tolerance(amount=money(50)))
    first, second = desk.job(price="10"), desk.job("Oil", price="10")
    desk.authorize(first)
    desk.go(STARTED)

    assert ["undecided-jobs"] == desk.blockers(DONE)
    assert (second.id,) == desk.authorization().undecided
    desk.limit("19.99")
    assert ["undecided-jobs"] == desk.blockers(DONE)
    desk.limit("20")
    assert [] == desk.blockers(DONE)


def test_the_latest_limit_holds(desk: Desk) -> None:
    """
    A lower limit takes the place of a higher one; what was authorized stays.
    """
    desk.follow(authorization=AuthorizationMode.CEILING)
    desk.authorize(desk.job(price="10"))
    ceilings = []
    for amount in ("30", "15", "5"):
        desk.limit(amount)
        ceilings.append(desk.authorization().ceiling)

    assert [money(30), money(15), money(10)] == ceilings
    assert money(5) == desk.authorization().limit


def test_warranty_work_needs_no_authorization(desk: Desk) -> None:
    """
    It costs nothing; a repair that was under warranty needs authorization.
    """
    desk.follow(authorization=AuthorizationMode.CEILING)
    job = desk.job(price="10", kind=JobKind.WARRANTY)
    desk.go(STARTED)

    assert [] == desk.blockers(DONE)
    assert () == desk.authorization().undecided
    desk.premises.shop.change_job(
        MECHANIC, desk.ticket.id, job.id, lambda form: evolve(form, kind=JobKind.REPAIR)
    )
    assert ["undecided-jobs", "over-authorized"] == desk.blockers(DONE)


def test_a_strict_shop_wants_changed_jobs_authorized_again(desk: Desk) -> None:
    """
    A job that costs less than authorized is blocked in a strict shop alone.
    """
    job = desk.job()
    line = desk.labor(job, "100")
    desk.authorize(job)
    desk.go(STARTED)
    desk.premises.shop.change_labor_line(
        MECHANIC, desk.ticket.id, line.id, lambda form: evolve(form, rate=money(90))
    )

    blockers = []
    for mode in AuthorizationMode:
        desk.follow(authorization=mode)
        blockers.append(desk.blockers(DONE))

    assert [[], [], ["changed-since-authorized"]] == blockers
    assert ((job.id,), AuthorizationMode.STRICT) == (
        desk.authorization().changed,
        desk.authorization().mode,
    )
    desk.authorize(job)
    assert ((), []) == (desk.authorization().changed, desk.blockers(DONE))


def test_the_mode_is_that_of_the_moment(desk: Desk) -> None:
    """
    A shop that asks for nothing is as before, and refuses nothing.
    """
    desk.job(price="10")
    assert [] == desk.blockers(STARTED)
    desk.follow(authorization=AuthorizationMode.CEILING)
    with pytest.raises(TransitionBlocked):
        desk.premises.shop.move_ticket(MECHANIC, desk.ticket.id, TransitionForm(to=STARTED))
    desk.follow(authorization=AuthorizationMode.OFF)
    assert DONE is desk.go(STARTED, DONE).status


def test_a_line_that_has_moved_counts_as_shown(desk: Desk) -> None:
    """
    A line that has moved between two authorized jobs is priced in both, as the customer saw it.
    """
    first, second = desk.job(price="10"), desk.job("Oil", price="20")
    desk.authorize(first)
    (line, _) = desk.read().charges
    desk.premises.shop.change_charge(
        MECHANIC, desk.ticket.id, line.id, lambda form: evolve(form, job_id=second.id)
    )

    desk.authorize(second)

    found = desk.authorization()
    assert (money(40), money(30)) == (found.authorized, found.current)
    assert (first.id,) == found.changed
