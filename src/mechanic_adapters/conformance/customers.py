"""The contract of `Customers`."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import (
    Lock,
    PaginatedList,
    UniqueValue,
    Write,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    LATER,
    UNKNOWN,
    add_customer,
    add_mechanic,
    new_customer,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.customers.customer import (
    Customer,
    CustomerId,
    CustomerNotFound,
    EmailTaken,
)
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType
from mechanic_core.paging import PageRequest
from mechanic_core.unit_of_work import Store, Work


def _greet(work: Work, seed: Seed) -> None:
    customer = work.customers.lock(seed.customer.id)
    work.customers.save(evolve(customer, name=customer.name + "!"))


WRITES: Final = (
    Write(
        "customers.add",
        lambda work, _: work.customers.add(new_customer()),
        "customers",
        {EventType.CUSTOMER_CREATED: ()},
    ),
    Write(
        "customers.save",
        lambda work, seed: work.customers.save(evolve(seed.customer, name="Changed")),
        "customers",
        {EventType.CUSTOMER_CHANGED: ("name",)},
    ),
)
UNIQUE_VALUES: Final = (
    UniqueValue(
        "customer e-mail",
        lambda work, _: work.customers.add(new_customer(email="a@b.c")),
        EmailTaken,
    ),
)
LISTS: Final = (
    PaginatedList(
        "customers",
        lambda work, _, page: work.customers.find("page", page),
        lambda work, _: work.customers.add(new_customer(name="Page")),
    ),
)
LOCKS: Final = (
    Lock(
        "customers.lock",
        lambda work, seed: work.customers.lock(seed.customer.id),
        _greet,
        lambda work, seed: work.customers.get(seed.customer.id).name.count("!"),
    ),
)


def erase(store: Store, customer: Customer) -> None:
    """Erase a customer's personal data."""
    with store.begin() as work:
        work.customers.save(customer.erase(LATER))


def names(store: Store, q: str | None) -> list[str]:
    """Return the names of the customers that match the search *q*."""
    with store.read_only() as work:
        return [customer.name for customer in work.customers.find(q, ALL).items]


class TestCustomers:
    """Customers; erased ones are not found."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """A customer comes back as added, with an id."""
        new = new_customer(phone="+1-555-0100", address="12 Mill Lane\nSpringfield")

        with store.begin() as work:
            added = work.customers.add(new)

        assert evolve(new, id=added.id) == added
        with store.read_only() as work:
            assert added == work.customers.get(added.id)

    def test_assigns_ascending_ids(self, store: Store) -> None:
        """Ids are positive and ascend."""
        first, second = add_customer(store), add_customer(store)

        assert 0 < first.id < second.id

    def test_saves_a_change(self, store: Store) -> None:
        """A change comes back with the next version, and nothing else changes."""
        added = add_customer(store, phone="555", address="Mill Lane")
        changed = evolve(added, name="Bo", phone=None, address=None, updated_at=LATER)

        with store.begin() as work:
            saved = work.customers.save(changed)

        assert evolve(changed, version=added.version + 1) == saved
        with store.read_only() as work:
            assert saved == work.customers.get(added.id)

    def test_changes_no_other_customer(self, store: Store) -> None:
        """A change affects one customer only."""
        one, other = add_customer(store), add_customer(store)

        with store.begin() as work:
            work.customers.save(evolve(one, name="Somebody"))

        with store.read_only() as work:
            assert other == work.customers.get(other.id)

    def test_refuses_to_save_an_unknown_customer(self, store: Store) -> None:
        """Saving a customer that does not exist raises `LostRace`."""
        with pytest.raises(LostRace), store.begin() as work:
            work.customers.save(new_customer(id=UNKNOWN))

    def test_refuses_an_unknown_id(self, store: Store) -> None:
        """An unknown id is refused by `get` and `lock`."""
        for unknown in (0, UNKNOWN, 2**63 - 1):
            with pytest.raises(CustomerNotFound), store.read_only() as work:
                work.customers.get(CustomerId(unknown))
            with pytest.raises(CustomerNotFound), store.begin() as work:
                work.customers.lock(CustomerId(unknown))

    def test_locks_what_it_returns(self, store: Store) -> None:
        """`lock` returns the same record as `get`."""
        added = add_customer(store)

        with store.begin() as work:
            assert added == work.customers.lock(added.id) == work.customers.get(added.id)

    def test_refuses_a_taken_email(self, store: Store) -> None:
        """Another customer's e-mail is refused, in any case."""
        add_customer(store, email="Ada@Example.com")

        with pytest.raises(EmailTaken), store.begin() as work:
            work.customers.add(new_customer(email="aDA@eXAMPLE.COM"))

    def test_refuses_a_change_to_a_taken_email(self, store: Store) -> None:
        """A change to another customer's e-mail is refused; to one's own in another case it is not."""
        add_customer(store, email="ada@example.com")
        bo = add_customer(store, email="bo@example.com")

        with pytest.raises(EmailTaken), store.begin() as work:
            work.customers.save(evolve(bo, email="ADA@example.com"))
        with store.begin() as work:
            saved = work.customers.save(evolve(bo, email="Bo@Example.com"))

        with store.read_only() as work:
            assert saved == work.customers.get(bo.id)

    def test_shares_emails_with_mechanics(self, store: Store) -> None:
        """A mechanic and a customer may have the same e-mail."""
        add_mechanic(store, email="ada@example.com")

        assert "ada@example.com" == add_customer(store, email="ada@example.com").email

    def test_hides_the_erased(self, store: Store) -> None:
        """An erased customer is not found, and their e-mail is free."""
        ada = add_customer(store, email="ada@example.com")

        erase(store, ada)

        with pytest.raises(CustomerNotFound), store.read_only() as work:
            work.customers.get(ada.id)
        with pytest.raises(CustomerNotFound), store.begin() as work:
            work.customers.lock(ada.id)
        assert [] == names(store, None)
        assert ada.id < add_customer(store, email="ada@example.com").id

    def test_stores_customers_without_email(self, store: Store) -> None:
        """Several customers may have no e-mail and no login; no search finds them by that."""
        ada, bo = (
            add_customer(store, name=name, email=None, phone="555-0100") for name in ("Ada", "Bo")
        )

        with store.begin() as work:
            saved = work.customers.save(evolve(bo, email="bo@example.com", has_login=True))

        with store.read_only() as work:
            assert (ada, saved) == (work.customers.get(ada.id), work.customers.get(bo.id))
        assert ["Ada", "Bo"] == names(store, "555")
        assert [] == names(store, "none")

    def test_lists_all_by_id(self, store: Store) -> None:
        """Without a search, the list has all customers by id."""
        for name in ("Cy", "Ada", "Bo"):
            add_customer(store, name=name)

        assert ["Cy", "Ada", "Bo"] == names(store, None)

    @pytest.mark.parametrize(
        "q",
        [
            *("Quimby", "zel", "QUIMBY zelda", "qui zel", "quimby, z."),
            *("z.quimby@", "EXAMPLE", "quimby org", "z.quimby@example.org"),
            *("5550142", "555 01", "(555) 0142", "1555", "+1 (555) 0142 x7", "quimby 5550142"),
        ],
    )
    def test_finds_the_beginnings_of_words(self, store: Store, q: str) -> None:
        """Each word of a search begins a word of name or e-mail, or the phone, in any order."""
        add_customer(
            store, name="Zelda Quimby", email="Z.Quimby@example.org", phone="+1 (555) 0142 x7"
        )
        add_customer(store, name="Bo Azelda", email="bo@elsewhere.net", phone="0555 142")

        assert ["Zelda Quimby"] == names(store, q)

    @pytest.mark.parametrize(
        "q",
        ["elda", "zelda bo", "0142", "555 1", "zelda 0142", "%", "_", "*", "'", "\\", "+", "()"],
    )
    def test_finds_nothing_else(self, store: Store, q: str) -> None:
        """A search matches no middle of a word, has no wildcards, and needs a word."""
        add_customer(store, name="Zelda Quimby", email="z@example.org", phone="+1 (555) 0142")

        assert [] == names(store, q)

    @pytest.mark.parametrize(
        ("name", "q"),
        [
            *(("Ödön", "ödö"), ("ödön", "ÖD"), ("Straße", "STRASS"), ("100%_\\", "100%_\\")),
            *(("José", "jose"), ("Jose", "josé"), ("ﬁne", "fin"), ("Łukasz 李", "李")),
        ],
    )
    def test_searches_in_any_script(self, store: Store, name: str, q: str) -> None:
        """A search ignores case and accents in any script."""
        add_customer(store, name=name)
        add_customer(store, name="101 others")

        assert [name] == names(store, q)

    def test_finds_what_was_changed(self, store: Store) -> None:
        """A search finds the present words only; none of the erased."""
        ada = add_customer(store, name="Ada Moore", email="ada@example.com", phone="555 0100")

        with store.begin() as work:
            saved = work.customers.save(
                evolve(ada, name="Ada Byron", email="ab@example.com", phone=None)
            )
        found = {q: names(store, q) for q in ("ada", "moore", "byron", "ab", "5550100")}
        erase(store, saved)

        assert ["ada", "byron", "ab"] == [q for q, customers in found.items() if customers]
        assert [] == [name for q in (*found, "erased") for name in names(store, q)]

    def test_finds_all_of_many_words(self, store: Store) -> None:
        """A search may have any number of words."""
        name = " ".join("abcdefghijklmnopqrstuvwxyz0123456789")
        add_customer(store, name=name)
        add_customer(store, name=name.replace("z", "y"))

        assert [name] == names(store, name[::-1])

    def test_counts_what_it_finds(self, store: Store) -> None:
        """The total of a search is the number of its matches."""
        for number in range(3):
            add_customer(store, name=f"Ada {number}")
        add_customer(store, name="Bo")
        first = PageRequest(size=2, with_total=True)

        with store.read_only() as work:
            pages = [work.customers.find(q, first) for q in ("ada", "ada 2", "ada bo", "%", "cy")]

        assert [3, 1, 0, 0, 0] == [page.total for page in pages]
        assert [True, False, False, False, False] == [page.has_more for page in pages]
