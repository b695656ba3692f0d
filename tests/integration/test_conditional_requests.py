"""Two who have seen the same version: over HTTP, at the same moment, on both databases."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from falcon import testing

from mechanic_adapters.conformance.samples.threads import in_parallel
from tests.integration.apps import (
    BOB,
    EVE,
    AppClient,
    new_furnished_shop_url,
    open_client,
    settings_for,
)
from tests.integration.databases import DATABASES
from tests.integration.servers import PostgresServer

ROUNDS = 10
GZIP = {"Accept_Encoding": "gzip"}


@pytest.fixture(params=DATABASES)
def client(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> Iterator[AppClient]:
    """An instance of the application on each database."""
    url = new_furnished_shop_url(request.param, tmp_path, postgres)
    with open_client(settings_for(url)) as found:
        yield found


def write(client: AppClient, token: str, path: str, etag: str, body: Any) -> testing.Result:
    """Change what has the tag."""
    return client.ask("PATCH", path, token, body, If_Match=etag)


def test_of_two_writers_one_wins(client: AppClient) -> None:
    """
    Of two threads that change a part under one tag one is 412; what the other wrote is there.
    """
    path, tokens = "/inventory/1", (client.token(BOB), client.token(EVE))
    for number in range(ROUNDS):
        etag = client.get(path).headers["ETag"]
        outcomes = in_parallel(
            *[
                partial(write, client, token, path, etag, {"price": f"{number}.{who}0"})
                for who, token in enumerate(tokens, 1)
            ]
        )

        told = {one.status_code: one for one in outcomes if isinstance(one, testing.Result)}
        assert {200, 412} == set(told)
        assert "part-changed" == told[412].json["code"]
        assert told[200].json == client.get(path).json
        assert told[200].headers["ETag"] == client.get(path).headers["ETag"] != etag


def test_both_codings_are_one_version(client: AppClient) -> None:
    """
    The packed and the plain tag of one version race as one: whoever comes second is refused.
    """
    token = client.token(BOB)
    draft = {"customer_id": 1, "description": "It squeaks. " * 40}
    path = f"/service_tickets/{client.ask('POST', '/service_tickets', token, draft).json['id']}"
    labor = {"description": "Look at the brakes " * 10, "hours": 1, "rate": 80}
    for _ in range(8):
        client.ask("POST", f"{path}/labor", token, labor)
    tags = [
        client.get(path, token).headers["ETag"],
        client.ask("GET", path, token, **GZIP).headers["ETag"],
    ]

    outcomes = in_parallel(
        *[partial(write, client, token, path, tag, {"description": tag[1:-1]}) for tag in tags]
    )

    statuses = sorted(one.status_code for one in outcomes if isinstance(one, testing.Result))
    assert tags[1] == f'{tags[0][:-1]}-gzip"'
    assert [200, 412] == statuses
