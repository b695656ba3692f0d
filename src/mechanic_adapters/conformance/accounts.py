"""The contract of `Accounts`."""

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
from mechanic_core.access import Role
from mechanic_core.accounts.account import Account
from mechanic_core.unit_of_work import Store

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
)


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
