"""The contract of `StoredAnswers`."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from mechanic_adapters.conformance.samples.records import AT, LATER
from mechanic_core.customers.customer import CustomerId
from mechanic_core.idempotency import StoredAnswer
from mechanic_core.unit_of_work import Store

ADA = CustomerId(7)
BEN = CustomerId(70)
KEY = "mechanic:2 POST open_ticket() k1"
TICK = timedelta(microseconds=1)


def add(store: Store, *about: CustomerId, **fields: Any) -> StoredAnswer:
    """Store an answer about some customers in a transaction of its own."""
    values: dict[str, Any] = {"key": KEY, "fingerprint": "f" * 64, "content": b"{}", "at": AT}
    answer = StoredAnswer(about=frozenset(about), **values | fields)
    with store.begin() as work:
        work.stored_answers.add(answer)
    return answer


def claim(store: Store, key: str = KEY, since: datetime = AT) -> StoredAnswer | None:
    """Claim *key* in a transaction of its own."""
    with store.begin() as work:
        return work.stored_answers.claim(key, since)


def forget(store: Store, customer_id: CustomerId) -> None:
    """Forget a customer in a transaction of its own."""
    with store.begin() as work:
        work.stored_answers.forget(customer_id)


class TestStoredAnswers:
    """Stored answers, by key and by customer."""

    @pytest.mark.parametrize("content", [b"", b"\x00\xff", b'{"name":"\xc3\x96\\u0000"}'])
    @pytest.mark.parametrize("about", [(), (ADA,), (ADA, BEN)])
    def test_returns_what_was_added(
        self, store: Store, content: bytes, about: tuple[CustomerId, ...]
    ) -> None:
        """An answer comes back unchanged under its key, and under no other."""
        answer = add(store, *about, content=content)

        assert answer == claim(store)
        assert claim(store, KEY + "2") is None

    def test_expires(self, store: Store) -> None:
        """An answer from before the given moment is not returned."""
        answer = add(store)

        assert (answer, None) == (claim(store), claim(store, since=AT + TICK))

    def test_replaces_an_expired_answer(self, store: Store) -> None:
        """The key of an expired answer gets a new one, about others."""
        add(store, ADA)
        assert claim(store, since=LATER) is None
        later = add(store, BEN, content=b"[]", at=LATER)
        forget(store, ADA)

        assert later == claim(store)

    def test_sweeps_old_answers(self, store: Store) -> None:
        """Answers older than the given moment are deleted and counted."""
        add(store, ADA)
        young = add(store, key="young", at=LATER)

        with store.begin() as work:
            swept = [work.stored_answers.sweep(at, 10) for at in (AT, LATER, LATER)]

        assert [0, 1, 0] == swept
        assert (None, young) == (claim(store), claim(store, "young"))

    def test_sweeps_the_oldest_first(self, store: Store) -> None:
        """No more answers than the limit are deleted at once, the oldest of them."""
        ages, limit = (2, 4, 1, 3), 3
        answers = {age: add(store, ADA, key=f"k{age}", at=AT - timedelta(days=age)) for age in ages}

        with store.begin() as work:
            assert limit == work.stored_answers.sweep(AT, limit)

        long_ago = AT - timedelta(days=9)
        left = [claim(store, answers[age].key, since=long_ago) for age in sorted(ages)]
        assert [answers[1], None, None, None] == left

    @pytest.mark.parametrize("customer_id", [ADA, BEN])
    def test_forgets_a_customer(self, store: Store, customer_id: CustomerId) -> None:
        """Every answer about a customer is erased, whatever it says and whomever else it names.

        The keys stay used: which key, with which body, and when is all that is left.
        """
        answers = [
            add(store, ADA, BEN, key="both"),
            add(store, customer_id, key="one", content=b'{"plate": "7A", "customer_id" : 7}'),
            add(store, customer_id, key="expired", at=AT - timedelta(days=400)),
        ]

        forget(store, customer_id)

        found = [claim(store, answer.key, since=answer.at) for answer in answers]
        assert [answer.erase() for answer in answers] == found
        assert [True, True, True] == [answer is not None and answer.is_erased for answer in found]

    def test_erased_answers_expire(self, store: Store) -> None:
        """An erased answer expires, is swept and is replaced like any other."""
        add(store, ADA)
        add(store, ADA, key="swept")
        forget(store, ADA)

        assert claim(store, since=AT + TICK) is None
        again = add(store, ADA, at=LATER)
        with store.begin() as work:
            assert 1 == work.stored_answers.sweep(LATER, 10)

        assert (again, None) == (claim(store), claim(store, "swept"))

    def test_forgets_again(self, store: Store) -> None:
        """An erased answer stays erased when the other customer that it is about is forgotten."""
        answer = add(store, ADA, BEN)

        forget(store, ADA)
        forget(store, BEN)

        assert answer.erase() == claim(store)

    def test_forgets_nobody_else(self, store: Store) -> None:
        """Answers about others stay, whatever their key and content say."""
        content = b'{"customer_id":7,"Location":"/customers/7"}'
        other = add(store, BEN, CustomerId(17), key="customer:7 POST f() k", content=content)
        nobodys = add(store)

        forget(store, ADA)

        assert (other, nobodys) == (claim(store, other.key), claim(store))
