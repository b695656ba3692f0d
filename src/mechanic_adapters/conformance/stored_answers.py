"""The contract of `StoredAnswers`."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from mechanic_adapters.conformance.samples.records import AT, LATER
from mechanic_core.customers.customer import CustomerId
from mechanic_core.idempotency import StoredAnswer
from mechanic_core.unit_of_work import Store

ADA = CustomerId(7)
KEY = "mechanic:2 POST open_ticket() k1"
TICK = timedelta(microseconds=1)


def new_receipt(**told: Any) -> StoredAnswer:
    """Return a receipt to be kept, which tells of no customer."""
    given: dict[str, Any] = {"key": KEY, "fingerprint": "f" * 64, "status": 201}
    return StoredAnswer(**given | {"headers": "{}", "body": b"{}", "at": AT} | told)


def keep(store: Store, **told: Any) -> StoredAnswer:
    """Keep a receipt in a transaction of its own."""
    receipt = new_receipt(**told)
    with store.begin() as work:
        work.stored_answers.keep(receipt)
    return receipt


def claimed(store: Store, key: str = KEY, since: datetime = AT) -> StoredAnswer | None:
    """Return what is found under *key*."""
    with store.begin() as work:
        return work.stored_answers.claim(key, since)


def forget(store: Store, customer_id: CustomerId = ADA) -> None:
    """Forget a customer in a transaction of its own."""
    with store.begin() as work:
        work.stored_answers.forget(customer_id)


class TestStoredAnswers:
    """Every receipt that is still good."""

    @pytest.mark.parametrize("body", [None, b"", b'{"name":"\xc3\x96\\u0000"}'])
    def test_gives_back_what_was_kept(self, store: Store, body: bytes | None) -> None:
        """A receipt comes back whole under its key, and under no other."""
        kept = keep(store, headers='{"ETag":"\\"1\\""}', body=body)

        assert kept == claimed(store)
        assert claimed(store, KEY + "2") is None

    def test_is_good_for_a_while(self, store: Store) -> None:
        """What is older than the moment asked for is not found."""
        kept = keep(store)

        assert (kept, None) == (claimed(store), claimed(store, since=AT + TICK))

    def test_replaces_an_older_one(self, store: Store) -> None:
        """A later receipt takes the place of the earlier one."""
        keep(store)
        later = keep(store, status=200, body=b"[]", at=LATER)

        assert later == claimed(store)

    def test_sweeps_the_old(self, store: Store) -> None:
        """What is older than the moment goes, and is counted."""
        keep(store)
        young = keep(store, key="young", at=LATER)

        with store.begin() as work:
            assert (0, 1, 0) == tuple(work.stored_answers.sweep(at) for at in (AT, LATER, LATER))

        assert (None, young) == (claimed(store), claimed(store, "young"))

    @pytest.mark.parametrize(
        "told",
        [
            {"key": "customer:7 POST add_vehicle() k1", "body": None},
            {"headers": '{"Location":"/customers/7"}', "body": b'{"id":7,"name":"Ada"}'},
            {"headers": '{"Location":"/shop/customers/7","Vary":"Accept"}', "status": 200},
            {"body": b'{"id":1,"customer_id":7,"plate":"7ABC123"}'},
        ],
        ids=["sender", "registration", "registration in_another_thread", "vehicle"],
    )
    def test_forgets_a_customer(self, store: Store, told: dict[str, Any]) -> None:
        """Nothing that was sent by them or answered about them is left, however old it is."""
        receipt = keep(store, **told)

        forget(store, CustomerId(8))
        assert receipt == claimed(store, receipt.key)
        forget(store)

        assert claimed(store, receipt.key) is None

    @pytest.mark.parametrize(
        "told",
        [
            {"key": "customer:70 POST add_vehicle() k1"},
            {"key": "customer:17 POST add_vehicle() k1"},
            {"key": "mechanic:7 POST add_vehicle() customer:7 "},
            {"headers": '{"Location":"/customers/71"}', "body": b'{"id":71}'},
            {"headers": '{"Location":"/vehicles/7"}', "body": b'{"id":7,"customer_id":70,"a":1}'},
            {"body": b'{"note":"\\"customer_id\\":7,"}'},
            {"body": None},
        ],
    )
    def test_forgets_nobody_else(self, store: Store, told: dict[str, Any]) -> None:
        """What tells of others stays, also where it looks alike."""
        receipt = keep(store, **told)

        forget(store)

        assert receipt == claimed(store, receipt.key)
