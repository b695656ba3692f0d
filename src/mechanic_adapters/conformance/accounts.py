"""The contracts of `Accounts` and `PasswordResets`."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.samples.records import (
    LATER,
    add_account,
    add_customer,
    add_mechanic,
)
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_core.access import Role
from mechanic_core.accounts.account import Account
from mechanic_core.unit_of_work import Store, Work

EMAIL = "ada@example.com"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"


WRITES: Final = (
    Write(
        "accounts.put",
        lambda work, seed: work.accounts.put(
            Account(role=Role.MECHANIC, holder_id=seed.mechanic.id, password_hash="#2")  # noqa: S106 - no secret
        ),
        "accounts",
    ),
    Write(
        "accounts.remove",
        lambda work, seed: work.accounts.remove(Role.CUSTOMER, seed.customer.id),
        "accounts",
    ),
    Write(
        "password_resets.start",
        lambda work, seed: work.password_resets.start(Role.CUSTOMER, seed.customer.id, "1", LATER),
        "password_resets",
    ),
    Write(
        "password_resets.take",
        lambda work, seed: work.password_resets.take(
            work.password_resets.start(Role.MECHANIC, seed.mechanic.id, "1", LATER), "1"
        ),
        "password_resets",
    ),
    Write(
        "password_resets.end",
        lambda work, seed: work.password_resets.end(
            Role.CUSTOMER,
            _with_reset(work, seed.customer.id),
        ),
        "password_resets",
    ),
)


def _with_reset(work: Work, customer_id: int) -> int:
    work.password_resets.start(Role.CUSTOMER, customer_id, "1", LATER)
    return customer_id


def start_reset(store: Store, role: Role, holder_id: int, nonce: str, at: datetime = LATER) -> int:
    """Start a password reset in a transaction of its own."""
    with store.begin() as work:
        return work.password_resets.start(role, holder_id, nonce, at)


def holder_of(store: Store, reset_id: int, nonce: str) -> tuple[Role, int] | None:
    """Return whose password reset it is."""
    with store.read_only() as work:
        return work.password_resets.find(reset_id, nonce)


def found(store: Store, email: str, *, staff: bool) -> Account | None:
    """Return the account with *email*."""
    with store.read_only() as work:
        return work.accounts.find(email, staff=staff)


class TestAccounts:
    """Accounts of customers and staff."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """An account is found by its holder and by their e-mail, in any case."""
        ada = add_customer(store, email=EMAIL)
        account = add_account(store, Role.CUSTOMER, ada.id, HASH)

        assert (
            account
            == found(store, EMAIL, staff=False)
            == found(store, "ADA@Example.com", staff=False)
        )
        with store.read_only() as work:
            assert account == work.accounts.of(Role.CUSTOMER, ada.id)
        with store.begin() as work:
            assert account == work.accounts.lock(Role.CUSTOMER, ada.id)

    def test_separates_customers_from_staff(self, store: Store) -> None:
        """Customers and staff may have the same e-mail or id; they are different people."""
        ada, bo = add_customer(store, email=EMAIL), add_mechanic(store, email=EMAIL)
        hers = add_account(store, Role.CUSTOMER, ada.id, "#hers")
        his = add_account(store, Role.MECHANIC, bo.id, "#his")

        assert hers == found(store, EMAIL, staff=False)
        assert his == found(store, EMAIL, staff=True)
        with store.read_only() as work:
            assert hers == work.accounts.of(Role.CUSTOMER, ada.id)
            assert his == work.accounts.of(Role.MECHANIC, bo.id)

    def test_returns_none_without_an_account(self, store: Store) -> None:
        """A person without an account, or an unknown person, is not found."""
        ada = add_customer(store, email=EMAIL)

        assert found(store, EMAIL, staff=False) is None
        assert found(store, "nobody@example.com", staff=True) is None
        with store.read_only() as work:
            assert work.accounts.of(Role.CUSTOMER, ada.id) is None
            assert work.accounts.of(Role.MANAGER, ada.id) is None

    def test_follows_a_changed_email(self, store: Store) -> None:
        """After a change of e-mail, the account is found by the new one only."""
        ada = add_customer(store, email=EMAIL)
        account = add_account(store, Role.CUSTOMER, ada.id)

        with store.begin() as work:
            work.customers.save(evolve(ada, email="moore@example.com"))

        assert found(store, EMAIL, staff=False) is None
        assert account == found(store, "moore@example.com", staff=False)

    @pytest.mark.parametrize("role", [Role.MECHANIC, Role.MANAGER])
    def test_returns_the_current_role(self, store: Store, role: Role) -> None:
        """Role and activity are those of the mechanic's record, not those at the time of hiring."""
        bo = add_mechanic(store, email=EMAIL)
        add_account(store, Role.MECHANIC, bo.id, HASH)

        with store.begin() as work:
            work.mechanics.save(evolve(bo, role=Role.MANAGER, active=False))

        now = Account(role=Role.MANAGER, holder_id=bo.id, password_hash=HASH, active=False)
        assert now == found(store, EMAIL, staff=True)
        with store.read_only() as work:
            assert now == work.accounts.of(role, bo.id)

    def test_replaces_a_hash(self, store: Store) -> None:
        """A new hash replaces the old one of that person only."""
        ada, bo = add_customer(store, email=EMAIL), add_mechanic(store, email=EMAIL)
        add_account(store, Role.CUSTOMER, ada.id, "#old")
        his = add_account(store, Role.MECHANIC, bo.id, "#his")

        with store.begin() as work:
            work.accounts.put(
                Account(role=Role.CUSTOMER, holder_id=ada.id, password_hash="#new")  # noqa: S106 - no secret
            )

        with store.read_only() as work:
            assert "#new" == getattr(work.accounts.of(Role.CUSTOMER, ada.id), "password_hash", None)
            assert his == work.accounts.of(Role.MECHANIC, bo.id)

    def test_removes_one(self, store: Store) -> None:
        """A removed account is not found; the other person's is."""
        ada, bo = add_customer(store, email=EMAIL), add_mechanic(store, email=EMAIL)
        add_account(store, Role.CUSTOMER, ada.id)
        his = add_account(store, Role.MECHANIC, bo.id)

        with store.begin() as work:
            work.accounts.remove(Role.CUSTOMER, ada.id)

        assert found(store, EMAIL, staff=False) is None
        assert his == found(store, EMAIL, staff=True)

    def test_outlives_the_erasure_of_others(self, store: Store) -> None:
        """After a customer and their account are erased, the e-mail finds its next owner."""
        ada = add_customer(store, email=EMAIL)
        add_account(store, Role.CUSTOMER, ada.id)
        with store.begin() as work:
            work.customers.save(ada.erase(LATER))
            work.accounts.remove(Role.CUSTOMER, ada.id)
        heir = add_customer(store, email=EMAIL)

        account = add_account(store, Role.CUSTOMER, heir.id)

        assert account == found(store, EMAIL, staff=False)


class TestPasswordResets:
    """Links to choose a password with."""

    def test_finds_whose_it_is(self, store: Store) -> None:
        """A link is found by id and nonce together; staff and customers are distinguished."""
        ada, bo = add_customer(store), add_mechanic(store)
        hers = start_reset(store, Role.CUSTOMER, ada.id, "hers")
        his = start_reset(store, Role.MANAGER, bo.id, "his")

        assert (Role.CUSTOMER, ada.id) == holder_of(store, hers, "hers")
        assert (Role.MECHANIC, bo.id) == holder_of(store, his, "his")
        assert holder_of(store, hers, "his") is None
        assert holder_of(store, max(hers, his) + 1, "his") is None

    def test_replaces_the_one_before(self, store: Store) -> None:
        """A person has one link: the last."""
        ada, bo = add_customer(store), add_customer(store)
        other = start_reset(store, Role.CUSTOMER, bo.id, "bo")
        first = start_reset(store, Role.CUSTOMER, ada.id, "1")

        second = start_reset(store, Role.CUSTOMER, ada.id, "2")

        assert holder_of(store, first, "1") is None
        assert (Role.CUSTOMER, ada.id) == holder_of(store, second, "2")
        assert (Role.CUSTOMER, bo.id) == holder_of(store, other, "bo")

    def test_is_taken_once(self, store: Store) -> None:
        """Of many that take a link at once, one gets it."""
        ada = add_customer(store)
        reset_id = start_reset(store, Role.CUSTOMER, ada.id, "1")

        def take(nonce: str) -> bool:
            with store.begin() as work:
                return work.password_resets.take(reset_id, nonce)

        assert not take("2")
        assert 1 == in_parallel(*[partial(take, "1")] * 8).count(True)
        assert holder_of(store, reset_id, "1") is None

    def test_ends_with_the_next_id_free(self, store: Store) -> None:
        """After the end of a link the next one has another id."""
        ada = add_customer(store)
        first = start_reset(store, Role.CUSTOMER, ada.id, "1")

        with store.begin() as work:
            work.password_resets.end(Role.MECHANIC, ada.id)
            assert work.password_resets.find(first, "1")
            work.password_resets.end(Role.CUSTOMER, ada.id)

        assert holder_of(store, first, "1") is None
        assert first < start_reset(store, Role.CUSTOMER, ada.id, "1")

    def test_sweeps_the_oldest(self, store: Store) -> None:
        """Expired links are deleted, the oldest first, and no others."""
        people = [add_customer(store) for _ in range(3)]
        ids = [
            start_reset(store, Role.CUSTOMER, one.id, "1", LATER + timedelta(minutes=place))
            for place, one in enumerate(people)
        ]

        with store.begin() as work:
            assert 1 == work.password_resets.sweep(LATER + timedelta(minutes=2), 1)
        assert [False, True, True] == [holder_of(store, one, "1") is not None for one in ids]
        with store.begin() as work:
            assert 1 == work.password_resets.sweep(LATER + timedelta(minutes=2), 9)

        assert [False, False, True] == [holder_of(store, one, "1") is not None for one in ids]
