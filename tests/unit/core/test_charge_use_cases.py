"""Charges: fees, the work of other shops, and cores."""

from typing import Any

import pytest
from attrs import evolve

from mechanic_core.errors import Invalid, Problem
from mechanic_core.money import Money, Percent, Quantity
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.line import DEFAULT_CLASSES, LineKind
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.lines.charge import ChargeForm, ChargeLine
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketFrozen
from mechanic_core.tickets.workflow import Status
from tests.shops import MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import Premises

OFF = Discount(percent=Percent(100_000))
ONE_FOR_45: dict[str, Any] = {"quantity": Quantity(1000), "unit_price": Money(4500)}


def add(
    premises: Premises, ticket: Ticket, kind: LineKind = LineKind.CORE, **given: Any
) -> ChargeLine:
    """Add a charge to a ticket."""
    form = {"description": "Core, alternator", **ONE_FOR_45} | given
    return premises.shop.add_charge(MECHANIC, ticket.id, sample(ChargeForm, kind=kind, **form))


def test_charges_are_recorded_in_the_history(premises: Premises) -> None:
    """
    A charge counts in the totals; changes and removals are recorded.
    """
    ticket = premises.open()

    charge = add(premises, ticket)
    returned = premises.shop.change_charge(
        MECHANIC, ticket.id, charge.id, lambda form: evolve(form, quantity=Quantity(-1000))
    )
    premises.shop.change_charge(MECHANIC, ticket.id, charge.id, lambda form: form)

    assert (4500, 4500, -4500, -4500) == (
        charge.amount,
        charge.net,
        returned.amount,
        returned.net,
    )
    read = premises.read(ticket)
    assert ((returned,), 3) == (read.charges, read.version)
    assert (-4500, -4500) == (read.totals.charges, read.totals.total)
    premises.shop.remove_charge(MECHANIC, ticket.id, charge.id)
    assert () == premises.read(ticket).charges
    assert [
        (HistoryEvent.CHARGE_ADDED, None, "1 × Core, alternator"),
        (HistoryEvent.CHARGE_CHANGED, "1 × Core, alternator", "-1 × Core, alternator"),
        (HistoryEvent.CHARGE_REMOVED, "-1 × Core, alternator", None),
    ] == premises.entries(ticket)


@pytest.mark.parametrize("kind", [LineKind.FEE, LineKind.SUBLET, LineKind.CORE])
def test_a_charge_has_the_tax_class_of_its_kind(premises: Premises, kind: LineKind) -> None:
    """
    Each kind has its class, until another is given, and again when that one is taken away.
    """
    ticket = premises.open()
    charge = add(premises, ticket, kind)

    untaxed = premises.shop.change_charge(
        MECHANIC, ticket.id, charge.id, lambda form: evolve(form, tax_class="none")
    )
    again = premises.shop.change_charge(
        MECHANIC, ticket.id, charge.id, lambda form: evolve(form, tax_class=None)
    )

    own = DEFAULT_CLASSES[kind]
    assert (own, "none", own) == (charge.tax_class, untaxed.tax_class, again.tax_class)
    assert (
        HistoryEvent.CHARGE_CHANGED,
        f"1 × Core, alternator, taxed as {own}",
        "1 × Core, alternator, taxed as none",
    ) == premises.entries(ticket)[1]


@pytest.mark.parametrize("kind", [LineKind.FEE, LineKind.SUBLET])
def test_only_a_core_comes_back(premises: Premises, kind: LineKind) -> None:
    """
    The quantity of another charge is above 0, when it is added and when it is changed.
    """
    ticket = premises.open()
    charge = add(premises, ticket, kind)
    problem = Problem("#/quantity", "must be above 0: only a core comes back")

    with pytest.raises(Invalid) as added:
        add(premises, ticket, kind, quantity=Quantity(-1))
    with pytest.raises(Invalid) as changed:
        premises.shop.change_charge(
            MECHANIC, ticket.id, charge.id, lambda form: evolve(form, quantity=Quantity(-1))
        )

    assert (problem,) == added.value.problems == changed.value.problems
    assert (charge,) == premises.read(ticket).charges


@pytest.mark.parametrize(
    ("kind", "given", "problems"),
    [
        (LineKind.CORE, {"quantity": 0}, ["#/quantity"]),
        (LineKind.FEE, {"quantity": 0}, ["#/quantity"]),
        (LineKind.CORE, {"quantity": -1000, "discount": OFF}, ["#/discount"]),
        (LineKind.FEE, {"quantity": -1000, "discount": OFF}, ["#/quantity", "#/discount"]),
    ],
)
def test_what_comes_back_has_no_discount(
    kind: LineKind, given: dict[str, Any], problems: list[str]
) -> None:
    """
    There is nothing to take off what the customer gets back; a quantity of 0 says nothing.
    """
    with pytest.raises(Invalid) as refused:
        sample(ChargeForm, kind=kind, **ONE_FOR_45 | given)

    assert problems == [problem.pointer for problem in refused.value.problems]


def test_a_core_that_comes_back_is_worth_what_it_is(premises: Premises) -> None:
    """
    A quantity so small that the amount rounds to 0 may have a discount.
    """
    charge = add(
        premises, premises.open(), quantity=Quantity(-1), unit_price=Money(1), discount=OFF
    )

    assert (0, 0) == (charge.amount, charge.net)


def test_all_that_is_wrong_with_a_charge_is_reported(premises: Premises) -> None:
    """
    A tax class that the shop does not have and a job that is not on the ticket, together.
    """
    ticket = premises.open()

    with pytest.raises(Invalid) as refused:
        add(premises, ticket, tax_class="vat", job_id=99)

    assert ["#/tax_class", "#/job_id"] == [one.pointer for one in refused.value.problems]


def test_charges_change_before_completion_only(premises: Premises) -> None:
    """
    A frozen ticket, an old version and an unknown charge are refused.
    """
    ticket = premises.open()
    charge = add(premises, ticket)
    shop = premises.shop

    with pytest.raises(TicketChanged):
        shop.remove_charge(MECHANIC, ticket.id, charge.id, 1)
    with pytest.raises(LineNotFound):
        shop.remove_charge(MECHANIC, ticket.id, LineId(99))
    with pytest.raises(LineNotFound):
        shop.change_charge(MECHANIC, ticket.id, LineId(99), lambda form: form)
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)
    with pytest.raises(TicketFrozen):
        add(premises, ticket)
    with pytest.raises(TicketFrozen):
        shop.change_charge(MECHANIC, ticket.id, charge.id, lambda form: form)
    with pytest.raises(TicketFrozen):
        shop.remove_charge(MECHANIC, ticket.id, charge.id)
