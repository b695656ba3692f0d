"""Conditional requests over HTTP: two writers with the same entity tag, on both databases."""

from functools import partial
from typing import Any

from falcon import testing

from mechanic_adapters.conformance.samples.threads import in_parallel
from tests.integration.apps import BOB, EVE, AppClient

ROUNDS = 10
GZIP = {"Accept_Encoding": "gzip"}


def write(client: AppClient, token: str, path: str, etag: str, body: Any) -> testing.Result:
    """Change a part under an entity tag."""
    return client.ask("PATCH", path, token, body, If_Match=etag)


def test_of_two_writers_one_wins(client: AppClient) -> None:
    """
    Of two concurrent writers with the same entity tag one gets 412.
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

        responses = {one.status_code: one for one in outcomes if isinstance(one, testing.Result)}
        assert {200, 412} == set(responses)
        assert "part-changed" == responses[412].json["code"]
        assert responses[200].json == client.get(path).json
        assert responses[200].headers["ETag"] == client.get(path).headers["ETag"] != etag


def test_both_codings_are_one_version(client: AppClient) -> None:
    """
    The entity tags of the plain and the gzip response are one version: a second writer gets 412.
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
