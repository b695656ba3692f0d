"""The contract of `Accounts`."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.declarations import Write
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
    """Return the account of an address."""
    with store.read_only() as work:
        return work.accounts.find(email, staff=staff)


class TestAccounts:
    """Everybody who can log in."""

    def test_gives_back_what_was_added(self, store: Store) -> None:
        """An account comes back by its holder and by their e-mail, whatever its case."""
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

    def test_keeps_the_doors_apart(self, store: Store) -> None:
        """The same address and the same id are different people among staff and customers."""
        ada, bo = add_customer(store, email=EMAIL), add_mechanic(store, email=EMAIL)
        hers = add_account(store, Role.CUSTOMER, ada.id, "#hers")
        his = add_account(store, Role.MECHANIC, bo.id, "#his")

        assert hers == found(store, EMAIL, staff=False)
        assert his == found(store, EMAIL, staff=True)
        with store.read_only() as work:
            assert hers == work.accounts.of(Role.CUSTOMER, ada.id)
            assert his == work.accounts.of(Role.MECHANIC, bo.id)

    def test_finds_nobody_without_an_account(self, store: Store) -> None:
        """Whoever has none cannot be found, nor can who is not there."""
        ada = add_customer(store, email=EMAIL)

        assert found(store, EMAIL, staff=False) is None
        assert found(store, "nobody@example.com", staff=True) is None
        with store.read_only() as work:
            assert work.accounts.of(Role.CUSTOMER, ada.id) is None
            assert work.accounts.of(Role.MANAGER, ada.id) is None

    def test_follows_the_address(self, store: Store) -> None:
        """After a change of e-mail the new one counts and the old one does not."""
        ada = add_customer(store, email=EMAIL)
        account = add_account(store, Role.CUSTOMER, ada.id)

        with store.begin() as work:
            work.customers.save(evolve(ada, email="moore@example.com"))

        assert found(store, EMAIL, staff=False) is None
        assert account == found(store, "moore@example.com", staff=False)

    @pytest.mark.parametrize("asked", [Role.MECHANIC, Role.MANAGER])
    def test_tells_the_role_of_now(self, store: Store, asked: Role) -> None:
        """Role and whether somebody is active are what their record says, not what they were."""
        bo = add_mechanic(store, email=EMAIL)
        add_account(store, Role.MECHANIC, bo.id, HASH)

        with store.begin() as work:
            work.mechanics.save(evolve(bo, role=Role.MANAGER, active=False))

        now = Account(role=Role.MANAGER, holder_id=bo.id, password_hash=HASH, active=False)
        assert now == found(store, EMAIL, staff=True)
        with store.read_only() as work:
            assert now == work.accounts.of(asked, bo.id)

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
        """A removed account is found no more; the other person's stays."""
        ada, bo = add_customer(store, email=EMAIL), add_mechanic(store, email=EMAIL)
        add_account(store, Role.CUSTOMER, ada.id)
        his = add_account(store, Role.MECHANIC, bo.id)

        with store.begin() as work:
            work.accounts.remove(Role.CUSTOMER, ada.id)

        assert found(store, EMAIL, staff=False) is None
        assert his == found(store, EMAIL, staff=True)

    def test_outlives_the_erasure_of_others(self, store: Store) -> None:
        """When a customer is erased with their account, whoever takes the address is found."""
        ada = add_customer(store, email=EMAIL)
        add_account(store, Role.CUSTOMER, ada.id)
        with store.begin() as work:
            work.customers.save(ada.erase(LATER))
            work.accounts.remove(Role.CUSTOMER, ada.id)
        heir = add_customer(store, email=EMAIL)

        account = add_account(store, Role.CUSTOMER, heir.id)

        assert account == found(store, EMAIL, staff=False)
