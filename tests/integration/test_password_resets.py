"""Password resets and invitations, over HTTP, on both databases."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from falcon import testing

from mechanic_adapters.conformance.samples.threads import in_parallel
from tests.integration.apps import ADA, BOB, CLEO, EVE, AppClient, open_client, settings_for

NEW = "staple horse battery"
CHOICE = {"new_password": NEW}


@pytest.fixture
def client(url: str) -> Iterator[AppClient]:
    """A client of the application on each database."""
    with open_client(settings_for(url, public_url="https://shop.example/desk")) as found:
        yield found


def issue(client: AppClient, path: str, email: str = BOB) -> Any:
    """Return a new link as the desk gets it."""
    answer = client.ask("POST", f"{path}/password_resets", client.token(email))
    assert 201 == answer.status_code, answer.text
    return answer.json


def choose(client: AppClient, token: str, password: str = NEW) -> testing.Result:
    """Return the response to a new password under a link."""
    return client.ask("POST", f"/password_resets/{token}", body={"new_password": password})


def log_in(client: AppClient, email: str, password: str = NEW) -> int:
    """Return the status of a login."""
    path = "/mechanics/login" if email.endswith("@shop.example") else "/login"
    body = {"email": email, "password": password}
    return client.ask("POST", path, body=body).status_code


@pytest.mark.parametrize(
    ("path", "email", "by"), [("/customers/1", ADA, BOB), ("/mechanics/2", BOB, EVE)]
)
def test_a_forgotten_password_is_replaced(
    client: AppClient, path: str, email: str, by: str
) -> None:
    """
    M1: the desk gives out a link; with it a new password is chosen once, and all sessions end.
    """
    session = client.token(email)
    link = issue(client, path, by)

    chosen, again = choose(client, link["token"]), choose(client, link["token"], "yet another one")

    assert f"https://shop.example/desk/r/{link['token']}" == link["url"]
    assert (204, 410, "reset-expired") == (
        chosen.status_code,
        again.status_code,
        again.json["code"],
    )
    assert (200, 401) == (log_in(client, email), client.log_in(email).status_code)
    assert 401 == client.get("/me", session).status_code


def test_a_walk_in_is_invited(client: AppClient) -> None:
    """
    M1, M2: a customer without a login gets one by an invitation; it is an event of the customer.
    """
    walk_in = {"name": "Zelda", "email": "zelda@example.com"}
    path = client.ask("POST", "/customers", client.token(BOB), walk_in).headers["Location"]

    assert 204 == choose(client, issue(client, path)["token"]).status_code

    assert 200 == log_in(client, "zelda@example.com")
    assert client.get(path, client.token(BOB)).json["has_login"]
    events = client.get("/events?type=customer.changed", client.token(EVE)).json["items"]
    assert [(path, ["has_login"], {"role": "customer", "id": 3})] == [
        (one["subject"], one["changes"], one["by"]) for one in events
    ]


def test_an_invitation_needs_an_email(client: AppClient) -> None:
    """
    M2: who has a phone alone can't be invited.
    """
    bob = client.token(BOB)
    client.ask("POST", "/customers", bob, {"name": "Zelda", "phone": "555-0142"})

    refused = client.ask("POST", "/customers/3/password_resets", bob)

    assert (409, "no-email") == (refused.status_code, refused.json["code"])


def test_a_new_link_ends_the_old(client: AppClient) -> None:
    """
    M1: of two links of one person the newer is good; a request is not replayed by its key.
    """
    bob, path = client.token(BOB), "/customers/1/password_resets"
    first, second = (
        client.ask("POST", path, bob, Idempotency_Key="once").json["token"] for _ in "ab"
    )

    assert [410, 204] == [choose(client, one).status_code for one in (first, second)]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/customers/1", {"email": "other@example.com"}),
        (
            "PUT",
            "/me/password",
            {"current_password": "a horse that nobody knows", "new_password": NEW},
        ),
        ("DELETE", "/customers/1", None),
    ],
)
def test_a_link_ends_with_what_it_was_for(
    client: AppClient, method: str, path: str, body: Any
) -> None:
    """
    M1: another address, another password and erasure end a link that was given out before.
    """
    token = issue(client, "/customers/1")["token"]
    assert client.ask(method, path, client.token(ADA), body).status_code in {200, 204}

    assert 410 == choose(client, token, "yet another one").status_code


def test_of_twenty_requests_one_chooses(client: AppClient) -> None:
    """
    M1: a link is used once, also by twenty requests at the same time.

    Some get 503: not all threads of the server may hash a password at the same time.
    """
    token = issue(client, "/customers/1")["token"]

    answers = in_parallel(
        *[partial(choose, client, token, f"password number {one}") for one in range(20)]
    )

    statuses = [one.status_code for one in answers if isinstance(one, testing.Result)]
    assert (20, 1) == (len(statuses), statuses.count(204))
    assert {204, 410, 503} >= set(statuses)


def test_a_forged_token_costs_no_statement(client: AppClient) -> None:
    """
    M1: a forged token is 404 without a statement, and is shown nowhere.
    """
    token = issue(client, "/customers/1")["token"]
    forged = f"{token[:-1]}{'A' if token[-1] != 'A' else 'E'}"

    refused = choose(client, forged)

    assert (404, "link-not-found", 0) == (
        refused.status_code,
        refused.json["code"],
        client.access_log[-1].statements,
    )
    assert "/password_resets/***" == refused.json["instance"]
    assert forged not in refused.text
    assert "/password_resets/{link_token}" == client.access_log[-1].route


def test_guesses_count_as_failed_logins(url: str) -> None:
    """
    M1: forged tokens are counted under the limit of logins; links that have expired are not.
    """
    with open_client(settings_for(url, login_rate_limit="3/minute")) as client:
        spent = issue(client, "/customers/1")["token"]
        choose(client, spent)
        for _ in range(5):
            assert 410 == choose(client, spent).status_code

        assert [404, 404, 404, 429] == [choose(client, f"{n}").status_code for n in range(4)]


def test_a_link_is_not_stored(client: AppClient, url: str) -> None:
    """
    M1: the answer may not be stored anywhere, and no file of the database has the token.
    """
    answer = client.ask("POST", "/customers/1/password_resets", client.token(BOB))

    assert ("no-store", None) == (answer.headers["Cache-Control"], answer.headers.get("ETag"))
    signature = answer.json["token"].rpartition(".")[2]
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
            assert not any(signature in line for line in database.iterdump())


def test_a_weak_password_leaves_the_link_good(client: AppClient) -> None:
    """
    M1: a refused password uses no link up; a relative address is answered without `PUBLIC_URL`.
    """
    token = issue(client, "/customers/2")["token"]

    assert [422, 204] == [choose(client, token, one).status_code for one in ("short", NEW)]
    assert 200 == log_in(client, CLEO)


def test_staff_and_customers_may_not_issue_for_others(client: AppClient) -> None:
    """
    M1: a mechanic resets no mechanic's password, and a customer nobody's.
    """
    bob, ada = client.token(BOB), client.token(ADA)
    statuses = [
        client.ask("POST", f"{path}/password_resets", token).status_code
        for path, token in (
            ("/mechanics/1", bob),
            ("/customers/1", ada),
            ("/customers/1", ""),
            ("/customers/99", bob),
        )
    ]

    assert [403, 403, 401, 404] == statuses


def page(client: AppClient, method: str, token: str, form: str = "") -> testing.Result:
    """Return the response to a request of the page of a link."""
    return testing.simulate_request(
        client.application,
        method,
        f"/r/{token}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=form,
        extras={"REMOTE_ADDR": "127.0.0.1"},
    )


def test_the_page_takes_a_new_password(client: AppClient) -> None:
    """
    M1: the page shows a form however often, takes a good password once, and is expired then.
    """
    token = issue(client, "/customers/1")["token"]
    good = "new_password=staple+horse+battery"

    shown = [page(client, method, token).status_code for method in ("GET", "HEAD", "GET")]
    weak = page(client, "POST", token, "new_password=short")
    empty = page(client, "POST", token)
    saved = page(client, "POST", token, good)

    assert [200, 200, 200] == shown
    assert [422, 422, 303] == [weak.status_code, empty.status_code, saved.status_code]
    assert "must have 8 to 128 characters" in weak.text
    assert (False, True) == tuple(
        "aria-invalid" in one.text
        for one in (page(client, "GET", issue(client, "/customers/2")["token"]), weak)
    )
    assert "short" not in weak.text
    assert "/r/done" == saved.headers["Location"]
    assert 200 == client.get(saved.headers["Location"]).status_code
    assert [410, 410] == [
        page(client, method, token, good).status_code for method in ("GET", "POST")
    ]
    assert 200 == log_in(client, ADA)


def test_the_page_shows_no_secret(client: AppClient) -> None:
    """
    M1: no cache, index, referrer or script gets the token; a forged one is a page too, 404.
    """
    token = issue(client, "/customers/1")["token"]
    answers = [
        page(client, "GET", token),
        page(client, "GET", "1.2.3"),
        page(client, "GET", "done"),
    ]

    assert [200, 404, 200] == [answer.status_code for answer in answers]
    for answer in answers:
        assert ("no-store", "no-referrer", "noindex") == tuple(
            answer.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")
        )
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src")
        assert token not in answer.text
        assert "<script" not in answer.text
    assert [0, 0] == [entry.statements for entry in client.access_log[-2:]]
    assert "/r/{link_token}" == client.access_log[-2].route


def test_guesses_of_pages_count_as_failed_logins(url: str) -> None:
    """
    M1: forged addresses of pages are counted under the limit of logins, good ones are not.
    """
    with open_client(settings_for(url, login_rate_limit="3/minute")) as client:
        token = issue(client, "/customers/1")["token"]
        assert [200] * 5 == [page(client, "GET", token).status_code for _ in range(5)]

        assert [404, 404, 404, 429] == [page(client, "GET", f"{n}").status_code for n in range(4)]


def test_the_page_takes_forms_only(client: AppClient) -> None:
    """
    M1: another media type is 415, a long body 413; neither shows the token.
    """
    token = issue(client, "/customers/1")["token"]

    other = client.ask("POST", f"/r/{token}", body=CHOICE)
    long = page(client, "POST", token, f"new_password={'x' * 9000}")

    assert [415, 413] == [other.status_code, long.status_code]
    assert ["/r/***", "/r/***"] == [other.json["instance"], long.json["instance"]]
