"""Idempotency-Key on real databases: many at once, several processes, and after a crash."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from mechanic_adapters.sql.store import SqlStore
from mechanic_shop.wiring.database import sweep_stored_answers
from tests.integration.apps import BOB, AppClient, new_furnished_shop_url, open_client, settings_for
from tests.integration.databases import DATABASES, now
from tests.integration.servers import PostgresServer

PART = {"name": "Wiper", "price": 9.5, "quantity": 3}
MANY = 20


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> str:
    """Return the address of a furnished shop."""
    return new_furnished_shop_url(request.param, tmp_path, postgres)


@pytest.fixture
def client(url: str) -> Iterator[AppClient]:
    """Give an instance of the application on it."""
    with open_client(settings_for(url)) as found:
        yield found


def post(client: AppClient, token: str, key: str = "k1", body: Any = None) -> Any:
    """Add a part under a key."""
    return client.ask("POST", "/inventory", token, body or PART, Idempotency_Key=key)


def wipers(client: AppClient) -> int:
    """Return how many parts came of it."""
    return len(client.get("/inventory?q=Wiper").json["items"])


def test_many_at_once_make_one_row(client: AppClient) -> None:
    """
    Of twenty concurrent requests under one key one works; the rest get its answer or a 409.
    """
    token = client.token(BOB)
    with ThreadPoolExecutor(MANY) as pool:
        told = list(pool.map(lambda _: post(client, token), range(MANY)))

    made = [one for one in told if one.status_code == 201]
    refused = {one.json["code"] for one in told if one.status_code != 201}
    assert 1 == wipers(client)
    assert 1 == len({one.json["id"] for one in made})
    assert 1 == sum("Idempotency-Replayed" not in one.headers for one in made)
    assert refused <= {"first-still-running"}
    assert all(one.headers["Retry-After"] for one in told if one.status_code == 409)


def test_another_instance_answers_the_same(client: AppClient, url: str) -> None:
    """
    A retry that reaches another process gets the first answer.
    """
    first = post(client, client.token(BOB))
    with open_client(settings_for(url)) as other:
        again = post(other, other.token(BOB))

    assert first.json == again.json
    assert "true" == again.headers["Idempotency-Replayed"]


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_crash_leaves_both_or_neither(url: str, at: str) -> None:
    """
    Killed just before the commit, nothing is left; killed just after, the retry is a replay.
    """
    process = get_context("spawn").Process(target=_die, args=(url, at))
    process.start()
    process.join(60)

    assert -signal.SIGKILL == process.exitcode
    with open_client(settings_for(url)) as client:
        token = client.token(BOB)
        assert {"before": 0, "after": 1}[at] == wipers(client)
        again = post(client, token)
        assert 201 == again.status_code
        assert (at == "after") == ("Idempotency-Replayed" in again.headers)
        assert 1 == wipers(client)


def _die(url: str, at: str) -> None:
    """Post a part and die at the COMMIT of it."""
    with open_client(settings_for(url)) as client:
        token = client.token(BOB)
        if at == "before":
            _kill_at_commit()
        post(client, token)
        os.kill(os.getpid(), signal.SIGKILL)


def _kill_at_commit() -> None:
    from mechanic_adapters.sql.engine.transaction import Transaction  # noqa: PLC0415 - in that process

    Transaction.keep = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign,assignment]


def test_refused_work_may_run_again(client: AppClient) -> None:
    """
    A conflict is not remembered: once it is gone, the same request works.
    """
    token = client.token(BOB)
    sold = client.ask("POST", "/inventory", token, PART | {"sku": "X"}).json["id"]
    codes = Counter([post(client, token, "k2", PART | {"sku": "X"}).status_code])
    client.ask("DELETE", f"/inventory/{sold}", token)
    codes.update([post(client, token, "k2", PART | {"sku": "X"}).status_code])

    assert {409: 1, 201: 1} == codes


def test_an_erased_customer_is_told_to_nobody(client: AppClient) -> None:
    """
    A registration repeated after its person was erased is a new one, with nobody's old data.
    """
    person = {"name": "Di", "email": "di@x.example", "password": "correct horse battery"}

    def register() -> Any:
        return client.ask("POST", "/customers", "", person, Idempotency_Key="k")

    first, replayed = register(), register()
    login = client.ask("POST", "/login", "", {k: person[k] for k in ("email", "password")})
    gone = client.ask("DELETE", f"/customers/{first.json['id']}", login.json["token"])
    again = register()

    assert "true" == replayed.headers["Idempotency-Replayed"]
    assert (204, 201) == (gone.status_code, again.status_code)
    assert "Idempotency-Replayed" not in again.headers
    assert first.json["id"] < again.json["id"]


def test_old_receipts_are_swept(client: AppClient, url: str) -> None:
    """
    Young receipts stay when the old ones go.
    """
    post(client, client.token(BOB))
    store = SqlStore.open(url)

    assert 0 == sweep_stored_answers(store, now())
    store.close()
