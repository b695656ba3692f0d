"""Links to estimates over HTTP, on both databases."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from falcon import testing

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.sql.engine.engines import database_url
from tests.integration.apps import BOB, EVE, AppClient, open_client, settings_for

FORM = "application/x-www-form-urlencoded"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@pytest.fixture
def client(url: str) -> Iterator[AppClient]:
    """A client of the application on each database."""
    with open_client(settings_for(url, public_url="https://shop.example/desk")) as found:
        yield found


def post(client: AppClient, path: str, body: Any = None) -> Any:
    """Do something at the desk."""
    answer = client.ask("POST", path, client.token(BOB), body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def issue(client: AppClient) -> tuple[str, str, int]:
    """Return a new ticket, the token of a link to an estimate of its job, and the job."""
    draft = {"customer_id": 1, "description": "Grinds"}
    path = f"/service_tickets/{post(client, '/service_tickets', draft)['id']}"
    job = post(client, f"{path}/jobs", {"title": "Brakes"})["id"]
    number = post(client, f"{path}/estimates")["number"]
    url = post(client, f"{path}/estimates/{number}/links")["url"]
    assert url.startswith("https://shop.example/desk/a/")
    return path, url.rpartition("/")[2], job


def page(
    client: AppClient, method: str, token: str, fields: dict[str, str] | None = None
) -> testing.Result:
    """Return the response to a request of the page."""
    return testing.simulate_request(
        client.application,
        method,
        f"/a/{token}",
        headers={"Content-Type": FORM},
        body=urlencode(fields or {}),
        extras={"REMOTE_ADDR": "127.0.0.1"},
    )


def test_of_many_answers_at_once_one_counts(client: AppClient) -> None:
    """
    Twenty forms are sent at once: one leads back, nineteen are 410, and there is one decision.
    """
    path, token, job = issue(client)
    fields = {f"job-{job}": "yes", "name": "Ada Moore"}

    answers = in_parallel(*[partial(page, client, "POST", token, fields)] * 20)

    statuses = [one.status_code for one in answers if isinstance(one, testing.Result)]
    assert [303, *[410] * 19] == sorted(statuses)
    decisions = client.get(f"{path}/decisions", client.token(EVE)).json["items"]
    assert ["Ada Moore"] == [one["person"] for one in decisions]
    assert 200 == page(client, "GET", token).status_code


def test_a_changed_token_runs_no_statement(client: AppClient) -> None:
    """
    Any of its bits: 404 for GET and POST, without a look at the database.
    """
    _, token, _ = issue(client)
    for place, letter in enumerate(token):
        for other in {chr(ord(letter) ^ 1 << bit) for bit in range(7)} & {*ALPHABET}:
            forged = f"{token[:place]}{other}{token[place + 1 :]}"
            for method in ("GET", "POST"):
                assert 404 == page(client, method, forged).status_code, forged
                assert 0 == client.access_log[-1].statements
                assert "/a/{link_token}" == client.access_log[-1].route
    assert 200 == page(client, "GET", token).status_code


def test_the_database_yields_no_token(url: str, client: AppClient) -> None:
    """
    Of a link it has the nonce, but nothing of what proves it, nor a key to prove it with.
    """
    _, token, _ = issue(client)
    number, _, nonce, proof = token.split(".")
    engine = sa.create_engine(database_url(url))
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM approval_links")).mappings().one()
    engine.dispose()

    assert (number, nonce) == (str(row["id"]), row["nonce"])
    assert proof not in str(row)
