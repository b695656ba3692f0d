"""The contract of `Profiles`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from typing import Any, Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Lock, PaginatedList, Write
from mechanic_adapters.conformance.samples.records import (
    ALL,
    AT,
    LATER,
    NOBODY,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_part,
    add_ticket,
    new_charge,
    new_entry,
    new_labor_line,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.access import Actor, By, Role
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.money import Money, Percent
from mechanic_core.payments.payment import Payment, PaymentMethod
from mechanic_core.pricing.discounts import Scope, TicketDiscount
from mechanic_core.pricing.pricing_rules import FeeBase, SuppliesFee, TaxRate, TaxRounding
from mechanic_core.profile.billing import AuthorizationMode, Invoicing, Tolerance
from mechanic_core.profile.profile import INITIAL_PROFILE, Profile, ProfileChange
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Store, Work


def change(work: Work, before: Profile, actor: Actor = NOBODY, **values: Any) -> Profile:
    """Save *before* with other values."""
    after = evolve(before, updated_at=LATER, **values)
    return work.profiles.save(after, ProfileChange.between(before, after, actor))


def _move(work: Work, _: Seed) -> None:
    profile = work.profiles.lock()
    change(work, profile, address=f"{profile.version} Mill Lane")


def profile_of(store: Store) -> Profile:
    """Return the profile."""
    with store.read_only() as work:
        return work.profiles.get()


def history_of(store: Store) -> tuple[ProfileChange, ...]:
    """Return the history of the profile."""
    with store.read_only() as work:
        return work.profiles.history(ALL).items


WRITES: Final = (
    Write(
        "profiles.save",
        lambda work, _: change(work, INITIAL_PROFILE, name="Changed"),
        "shop_profile",
        {EventType.SHOP_CHANGED: ("name",)},
    ),
)
LISTS: Final = (
    PaginatedList("profiles.history", lambda work, _, page: work.profiles.history(page), _move),
)
LOCKS: Final = (
    Lock(
        "profiles.lock",
        lambda work, _: work.profiles.lock(),
        _move,
        lambda work, _: work.profiles.get().version - INITIAL_PROFILE.version,
    ),
)

FULL: Final[dict[str, Any]] = {
    "tax_rates": (
        TaxRate(tax_class="parts", authority="Größe 🔧", percent=Percent(1)),
        TaxRate(tax_class="oil", authority="State", percent=Percent(1_000_000)),
    ),
    "tax_rounding": TaxRounding.LINE,
    "prices_include_tax": True,
    "supplies_fee": SuppliesFee(
        percent=Percent(82_500), of=(FeeBase.PARTS, FeeBase.LABOR), cap=Money(1), tax_class="oil"
    ),
    "name": "Größe & Söhne 🔧",
    "address": "12 Mill Lane",
    "phone": "+1-555-0100",
    "email": "desk@shop.example",
    "registration": "№ 1",
    "tax_number": "DE123456789",
    "currency": "EUR",
    "time_zone": "Pacific/Honolulu",
    "authorization": AuthorizationMode.STRICT,
    "tolerance": Tolerance(percent=Percent(100_000), amount=Money(5_000), most=Money(20_000)),
    "invoicing": Invoicing.REQUIRED,
    "payment_terms_days": 14,
    "invoice_prefix": "R/",
    "credit_note_prefix": "G ",
    "disclosures": ('One, "quoted"', "Two\nlines: größer 🔧"),
}
"""Every member, with another value than a new shop has."""

BLOCKED_S: Final = 0.1
"""Long enough to detect a store that lets a price in."""


def add_labor_line(store: Store) -> Ticket:
    """Add a ticket with a labour line."""
    return add_ticket(store, add_customer(store), labor=(new_labor_line(),))


def add_charge(store: Store) -> Ticket:
    """Add a ticket with a charge."""
    return add_ticket(store, add_customer(store), charges=(new_charge(),))


def add_payment(store: Store) -> Payment:
    """Return a new payment on a new ticket without lines."""
    ticket = add_ticket(store, add_customer(store))
    with store.begin() as work:
        return work.payments.add(
            Payment(
                ticket_id=ticket.id,
                customer_id=ticket.customer_id,
                amount=Money(50_00),
                method=PaymentMethod.CASH,
                received_on=AT.date(),
                reference=None,
                at=AT,
                by=By(role=Role.MANAGER, id=1),
            )
        )


PRICED: Final[tuple[Callable[[Store], object], ...]] = (
    add_part,
    add_labor_line,
    add_charge,
    add_payment,
)
"""What adds something with a price; a part line needs a part, which has one."""


class TestProfiles:
    """The shop's profile."""

    def test_has_one_from_the_start(self, store: Store) -> None:
        """A new store has the profile of a new shop, and no history."""
        assert INITIAL_PROFILE == profile_of(store)
        assert () == history_of(store)

    def test_saves_a_change(self, store: Store) -> None:
        """Every value comes back, with the next version."""
        with store.begin() as work:
            saved = change(work, work.profiles.lock(), **FULL)

        assert Profile(**FULL, updated_at=LATER, version=2) == saved == profile_of(store)

    def test_locks_what_it_returns(self, store: Store) -> None:
        """`lock` returns the same record as `get`, also after a change in the same transaction."""
        with store.begin() as work:
            change(work, work.profiles.lock(), name="Changed")

            assert work.profiles.lock() == work.profiles.get()

    def test_saves_twice_in_a_transaction(self, store: Store) -> None:
        """The second save builds on the first."""
        with store.begin() as work:
            once = change(work, INITIAL_PROFILE, name="Once")
            twice = change(work, once, name="Twice")

        assert (3, twice) == (twice.version, profile_of(store))
        assert ["Once", "Twice"] == [entry.after.name for entry in history_of(store)]

    @pytest.mark.parametrize("version", [0, 2])
    def test_refuses_another_version(self, store: Store, version: int) -> None:
        """Saving another version than the stored one raises `LostRace`, and changes nothing."""
        with pytest.raises(LostRace), store.begin() as work:
            change(work, evolve(INITIAL_PROFILE, version=version), name="Lost")

        assert (INITIAL_PROFILE, ()) == (profile_of(store), history_of(store))

    def test_records_each_change(self, store: Store) -> None:
        """The history says who changed what when, oldest first, with all values."""
        bo = add_mechanic(store, name="Bo", role=Role.MANAGER)
        with store.begin() as work:
            moved = change(work, INITIAL_PROFILE, Actor(Role.MANAGER, bo.id), **FULL)
            change(work, moved, address=None, phone=None)

        first, second = history_of(store)
        by = By(role=Role.MANAGER, id=bo.id, name="Bo")
        assert evolve(
            ProfileChange.between(INITIAL_PROFILE, moved, NOBODY), id=first.id, by=by
        ) == (first)
        assert tuple(FULL) == first.changes
        assert (("address", "phone"), By(role=None, id=0)) == (second.changes, second.by)
        assert 0 < first.id < second.id

    def test_keeps_what_was_before(self, store: Store) -> None:
        """Nested values of the profile go back, and those of the history stay."""
        with store.begin() as work:
            changed = change(work, INITIAL_PROFILE, **FULL)
            back = change(work, changed, **{name: getattr(INITIAL_PROFILE, name) for name in FULL})

        first, second = history_of(store)
        assert first.before == second.after
        assert first.after == second.before
        assert INITIAL_PROFILE.pricing_rules == back.pricing_rules
        assert changed.pricing_rules == first.after.pricing_rules != back.pricing_rules
        assert back == profile_of(store)

    def test_knows_that_nothing_has_a_price(self, store: Store) -> None:
        """Neither customers, nor mechanics with a salary, nor tickets without lines have prices."""
        paid = add_mechanic(store, salary=Money(5_000_000))
        discount = TicketDiscount(scope=Scope.ALL, amount=Money(500), reason="Fleet")
        add_ticket(store, add_customer(store), paid, discounts=(discount,))

        with store.begin() as work:
            assert not work.profiles.has_prices()

    @pytest.mark.parametrize("add", PRICED)
    def test_knows_what_has_a_price(self, store: Store, add: Callable[[Store], object]) -> None:
        """A part has a price, and so have a labour line and a charge; a payment has an amount."""
        add(store)

        with store.begin() as work:
            assert work.profiles.has_prices()

    @pytest.mark.parametrize("add", [add_labor_line, add_charge])
    def test_forgets_a_price_that_is_removed(
        self, store: Store, add: Callable[[Store], Ticket]
    ) -> None:
        """A ticket without its only line has no price."""
        ticket = add(store)
        with store.begin() as work:
            work.tickets.save(evolve(ticket, labor=(), charges=()), new_entry())

        with store.begin() as work:
            assert not work.profiles.has_prices()

    @pytest.mark.parametrize("add", PRICED)
    def test_keeps_prices_out(self, store: Store, add: Callable[[Store], object]) -> None:
        """Where nothing has a price, nothing gets one before the transaction ends."""
        with ThreadPoolExecutor(1) as others:
            with store.begin() as work:
                assert not work.profiles.has_prices()
                waiting = others.submit(add, store)
                with pytest.raises(StillWaiting):
                    waiting.result(BLOCKED_S)
                change(work, work.profiles.lock(), currency="EUR")

            waiting.result()
        with store.begin() as work:
            assert ("EUR", True) == (work.profiles.get().currency, work.profiles.has_prices())

    def test_is_a_subject_of_events(self, store: Store) -> None:
        """The profile is found by its id alone."""
        with store.read_only() as work:
            assert {1: INITIAL_PROFILE} == work.subjects.find(SubjectKind.SHOP, [1, UNKNOWN])
            assert {} == work.subjects.find(SubjectKind.SHOP, [UNKNOWN])
