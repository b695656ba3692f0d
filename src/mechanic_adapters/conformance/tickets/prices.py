"""The contract of `Tickets`: discounts, totals and the rules of prices."""

from typing import Any, Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Lock, Write
from mechanic_adapters.conformance.samples.events import read as read_events
from mechanic_adapters.conformance.samples.records import (
    AT,
    TOTALS,
    add_customer,
    add_part,
    add_ticket,
    new_charge,
    new_entry,
    new_job,
    new_labor_line,
    new_part_line,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_adapters.conformance.tickets.ticket import read, save
from mechanic_core.money import MAX_MONEY, MAX_QUANTITY, WHOLE, Money, Percent, Quantity
from mechanic_core.pricing.bounds import MAX_LINES, MAX_TAX
from mechanic_core.pricing.discounts import Discount, Scope, TicketDiscount
from mechanic_core.pricing.line import line_amount
from mechanic_core.pricing.pricing_rules import (
    FeeBase,
    PricingRules,
    SuppliesFee,
    TaxRate,
    TaxRounding,
)
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, Status
from mechanic_core.unit_of_work import Store, Work

RULES: Final = PricingRules(
    tax_rates=(
        TaxRate(tax_class="parts", authority="State", percent=Percent(82_500)),
        TaxRate(tax_class="parts", authority="City", percent=Percent(1)),
        TaxRate(tax_class="core", authority="State", percent=Percent(82_500)),
    ),
    tax_rounding=TaxRounding.LINE,
    prices_include_tax=True,
    supplies_fee=SuppliesFee(
        percent=Percent(50_000), of=(FeeBase.PARTS, FeeBase.LABOR), cap=Money(5000)
    ),
)
"""The rules of a shop that uses all that there is."""


MOST_TAX: Final = PricingRules(
    tax_rates=tuple(
        TaxRate(tax_class=tax_class, authority=str(number), percent=WHOLE)
        for tax_class in ("parts", "labor", "core", "supplies")
        for number in range(MAX_TAX // WHOLE)
    ),
    supplies_fee=SuppliesFee(percent=WHOLE, of=(FeeBase.PARTS, FeeBase.LABOR)),
)
"""The rules that make the most of a ticket."""


def stamped(ticket: Ticket) -> Ticket:
    """Return *ticket* with other totals, as if the rules had changed."""
    return evolve(ticket, totals=TOTALS)


def _work_on(work: Work, seed: Seed) -> None:
    ticket = work.tickets.lock(seed.ticket.id)
    work.tickets.save(ticket.with_job(new_job(), AT), new_entry())


WRITES: Final = (
    Write("ticket_prices.restamp", lambda work, _: work.ticket_prices.restamp(stamped), "tickets"),
)
LOCKS: Final = (
    Lock(
        "ticket_prices.restamp",
        lambda work, _: work.ticket_prices.restamp(lambda ticket: ticket),
        _work_on,
    ),
)


class TestTicketPrices:
    """Discounts, totals and frozen rules of a ticket."""

    def test_keeps_discounts_in_order(self, store: Store) -> None:
        """Ticket-wide discounts come back as they were, two equal ones too."""
        amount = TicketDiscount(scope=Scope.LABOR, amount=Money(MAX_MONEY), reason="Ω" * 500)
        percent = TicketDiscount(scope=Scope.ALL, percent=Percent(1), reason="Fleet")
        added = add_ticket(store, add_customer(store), discounts=(percent, amount, percent))

        after = save(store, evolve(added, discounts=(amount, percent)))

        assert (percent, amount, percent) == added.discounts
        assert (amount, percent) == after.discounts == read(store, added).discounts

    @pytest.mark.parametrize("sign", [1, -1])
    def test_keeps_the_greatest_ticket(self, store: Store, sign: int) -> None:
        """A ticket with as many and as dear lines as there can be, or such cores that come back."""
        part, owner = add_part(store, price=Money(MAX_MONEY)), add_customer(store)
        most, dear = Quantity(MAX_QUANTITY), Money(MAX_MONEY)
        core = new_charge(quantity=Quantity(sign * MAX_QUANTITY), unit_price=dear)
        lines: dict[str, Any] = {
            "parts": (new_part_line(part, MAX_QUANTITY),) * MAX_LINES,
            "labor": (evolve(new_labor_line(), hours=most, rate=dear),) * MAX_LINES,
        }
        ticket = add_ticket(store, owner, charges=(core,) * MAX_LINES, **lines if sign == 1 else {})

        with store.begin() as work:
            work.ticket_prices.restamp(lambda one: priced(one, MOST_TAX))
        found = read(store, ticket)
        saved = save(store, evolve(found, description="Changed"))

        assert priced(ticket, MOST_TAX) == found
        assert evolve(found, description="Changed", version=2) == saved == read(store, ticket)
        greatest = line_amount(most, dear) * MAX_LINES * (5 if sign == 1 else -1)
        assert greatest == found.totals.net
        assert greatest + greatest * MAX_TAX // WHOLE == found.totals.total

    def test_keeps_totals(self, store: Store) -> None:
        """Totals come back as they were stored, also those below 0 and the greatest."""
        greatest = evolve(TOTALS, total=Money(2**63 - 1), discount=Money(-(2**63)))

        added = add_ticket(store, add_customer(store), totals=TOTALS)
        after = save(store, evolve(added, totals=greatest))

        assert TOTALS == added.totals
        assert greatest == after.totals == read(store, added).totals

    def test_keeps_the_rules_that_a_ticket_was_finished_with(self, store: Store) -> None:
        """They come back as they were frozen, and are gone once the ticket is reopened."""
        added = add_ticket(store, add_customer(store))

        done = save(store, evolve(added, status=Status.COMPLETED, rules=RULES))
        plain = save(store, evolve(done, rules=PricingRules()))
        reopened = save(store, evolve(plain, status=Status.IN_PROGRESS, rules=None))

        assert (RULES, PricingRules(), None) == (done.rules, plain.rules, reopened.rules)
        assert None is read(store, added).rules
        again = save(store, evolve(reopened, status=Status.COMPLETED, rules=RULES))
        assert RULES == read(store, again).rules

    def test_restamps_unfinished_tickets(self, store: Store) -> None:
        """Each is stored as the function returns it; it is no change, and finished ones stay."""
        ada, part = add_customer(store), add_part(store)
        tickets = {
            status: add_ticket(
                store,
                ada,
                status=status,
                parts=(new_part_line(part),),
                labor=(new_labor_line(),),
                charges=(new_charge(discount=Discount(percent=Percent(100_000))),),
                discounts=(TicketDiscount(scope=Scope.ALL, amount=Money(1), reason="Why"),),
            )
            for status in Status
        }
        last = read_events(store).last

        with store.begin() as work:
            work.ticket_prices.restamp(lambda ticket: priced(ticket, RULES))

        for status, ticket in tickets.items():
            is_unfinished = status in EDITABLE_STATUSES
            expected = priced(ticket, RULES) if is_unfinished else ticket
            assert is_unfinished is (expected != ticket)
            assert expected == read(store, ticket)
            after = save(store, evolve(expected, description="Changed"))
            assert ticket.version + 1 == after.version
        assert len(Status) == len(read_events(store, last).events)

    def test_restamps_each_ticket(self, store: Store) -> None:
        """All of several tickets are restamped, those without jobs and lines too."""
        ada = add_customer(store)
        tickets = [add_ticket(store, ada, jobs=()) for _ in range(5)]
        tickets += [add_ticket(store, ada, labor=(new_labor_line(),)) for _ in range(5)]

        with store.begin() as work:
            work.ticket_prices.restamp(stamped)

        assert [stamped(ticket) for ticket in tickets] == [read(store, one) for one in tickets]
