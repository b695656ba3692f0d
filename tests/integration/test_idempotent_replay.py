"""Idempotency-Key on real databases: concurrent requests, several processes, and crashes."""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

import pytest

from mechanic_adapters.sql.store import SqlStore
from mechanic_shop.wiring.sweeper import Sweeper, Swept
from tests.integration.apps import BOB, EVE, AppClient, open_client, settings_for
from tests.integration.databases import now

PART = {"name": "Wiper", "price": 9.5, "quantity": 3}
CONCURRENT_REQUESTS = 20


def post(client: AppClient, token: str, key: str = "k1", body: Any = None) -> Any:
    """Add a part with an Idempotency-Key."""
    return client.ask("POST", "/inventory", token, body or PART, Idempotency_Key=key)


def count_wipers(client: AppClient) -> int:
    """Return the number of parts that were added."""
    return len(client.get("/inventory?q=Wiper").json["items"])


def test_concurrent_requests_create_one_row(client: AppClient) -> None:
    """
    Of twenty concurrent requests with the same key one runs; the others get its answer or 409.
    """
    token = client.token(BOB)
    with ThreadPoolExecutor(CONCURRENT_REQUESTS) as pool:
        responses = list(pool.map(lambda _: post(client, token), range(CONCURRENT_REQUESTS)))

    created = [response for response in responses if response.status_code == 201]
    refused = {response.json["code"] for response in responses if response.status_code != 201}
    assert 1 == count_wipers(client)
    assert 1 == len({response.json["id"] for response in created})
    assert 1 == sum("Idempotency-Replayed" not in response.headers for response in created)
    assert refused <= {"first-still-running"}
    assert all(
        response.headers["Retry-After"] for response in responses if response.status_code == 409
    )


def test_another_instance_returns_the_stored_answer(client: AppClient, url: str) -> None:
    """
    A retry that another process serves gets the stored answer.
    """
    first = post(client, client.token(BOB))
    with open_client(settings_for(url)) as other:
        again = post(other, other.token(BOB))

    assert first.json == again.json
    assert "true" == again.headers["Idempotency-Replayed"]


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_crash_leaves_effect_and_answer_or_neither(url: str, at: str) -> None:
    """
    After a crash before the commit a retry runs anew; after the commit it gets the stored answer.
    """
    process = get_context("spawn").Process(target=_post_and_kill, args=(url, at))
    process.start()
    process.join(60)

    assert -signal.SIGKILL == process.exitcode
    with open_client(settings_for(url)) as client:
        token = client.token(BOB)
        assert {"before": 0, "after": 1}[at] == count_wipers(client)
        again = post(client, token)
        assert 201 == again.status_code
        assert (at == "after") == ("Idempotency-Replayed" in again.headers)
        assert 1 == count_wipers(client)


def _post_and_kill(url: str, at: str) -> None:
    """Add a part, and kill the process before or after the COMMIT."""
    with open_client(settings_for(url)) as client:
        token = client.token(BOB)
        if at == "before":
            _kill_at_commit()
        post(client, token)
        os.kill(os.getpid(), signal.SIGKILL)


def _kill_at_commit() -> None:
    from mechanic_adapters.sql.engine.transaction import Transaction  # noqa: PLC0415 - in that process

    Transaction.commit = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign,assignment]


def test_a_refusal_is_not_stored(client: AppClient) -> None:
    """
    A refusal is not stored: the same request succeeds once the conflict is gone.
    """
    token, part = client.token(BOB), PART | {"sku": "X", "quantity": 0}
    part_id = client.ask("POST", "/inventory", token, part).json["id"]
    statuses = Counter([post(client, token, "k2", part).status_code])
    client.ask("DELETE", f"/inventory/{part_id}", token)
    statuses.update([post(client, token, "k2", part).status_code])

    assert {409: 1, 201: 1} == statuses


def test_erasing_a_customer_erases_their_answers(client: AppClient) -> None:
    """
    After a customer is erased, their registration with the same key is done no more.
    """
    person = {"name": "Di", "email": "di@x.example", "password": "correct horse battery"}

    def register() -> Any:
        return client.ask("POST", "/customers", "", person, Idempotency_Key="k")

    first, replayed = register(), register()
    login = client.ask("POST", "/login", "", {k: person[k] for k in ("email", "password")})
    erased = client.ask("DELETE", f"/customers/{first.json['id']}", login.json["token"])
    again = register()
    other = client.ask("POST", "/customers", "", person | {"name": "Eli"}, Idempotency_Key="k")

    assert "true" == replayed.headers["Idempotency-Replayed"]
    assert (204, 409) == (erased.status_code, again.status_code)
    assert "answer-erased" == again.json["code"]
    assert "di@" not in again.text
    assert (422, "key-reused") == (other.status_code, other.json["code"])


def test_a_refund_is_paid_once_whoever_is_erased(client: AppClient) -> None:
    """
    A refund that is sent again after its customer is erased is not paid a second time.
    """
    bob, eve = client.token(BOB), client.token(EVE)
    job = {"customer_id": 1, "description": "Grinds"}
    path = f"/service_tickets/{client.ask('POST', '/service_tickets', bob, job).json['id']}"
    deposit, back = {"amount": 30, "method": "cash"}, {"amount": 30, "reason": "No work"}

    def refund() -> Any:
        return client.ask("POST", f"/payments/{paid}/refunds", eve, back, Idempotency_Key="r")

    paid = client.ask("POST", f"{path}/payments", bob, deposit, Idempotency_Key="p").json["id"]
    first, replayed = refund(), refund()
    client.ask("POST", f"{path}/transitions", bob, {"to": "cancelled"})
    erased = client.ask("DELETE", "/customers/1", eve)
    again = refund()

    assert (201, 201, 204) == (first.status_code, replayed.status_code, erased.status_code)
    assert (409, "answer-erased") == (again.status_code, again.json["code"])
    assert 1 == len(client.ask("GET", f"/payments/{paid}", eve).json["refunds"])


def test_answers_that_have_not_expired_are_not_swept(client: AppClient, url: str) -> None:
    """
    Answers that have not expired are not swept.
    """
    post(client, client.token(BOB))
    store = SqlStore.open(url)

    assert Swept() == Sweeper(store, now, timedelta(minutes=30)).sweep()
    store.close()
