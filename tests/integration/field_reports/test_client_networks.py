"""Clients behind a proxy: who has which budget, and whose failures keep whom out."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network

import pytest

from tests.integration.apps import ADA, BOB, CLEO, EVE, AppClient, open_client, settings_for
from tests.integration.servers import LOOPBACK

WRONG = {"email": ADA, "password": "a wrong password"}


@contextmanager
def behind_a_proxy(url: str, **limits: str) -> Iterator[AppClient]:
    """Open a client of the shop, whose proxy says where each request comes from."""
    with open_client(settings_for(url, trusted_proxies=(ip_network(LOOPBACK),), **limits)) as found:
        yield found


def guess(client: AppClient, address: str) -> int:
    """Return the status of a wrong login from *address*."""
    return client.ask("POST", "/login", body=WRONG, X_Forwarded_For=address).status_code


@pytest.mark.parametrize(
    "write",
    ["20.0.0.{}:5131", "[2001:db8:{}::7]:443", "20.0.0.{}", "2001:db8:{}::7"],
    ids=["v4-port", "v6-port", "v4", "v6"],
)
def test_each_client_behind_a_proxy_has_a_budget(shop_url: str, write: str) -> None:
    """
    Field report F6: addresses in `X-Forwarded-For` may have ports; each client has its budget.
    """
    with behind_a_proxy(shop_url, global_rate_limit="2/hour", static_rate_limit="2/hour") as client:
        statuses = [
            client.ask("GET", path, X_Forwarded_For=write.format(n)).status_code
            for path in ("/inventory", "/nowhere")
            for n in (1, 1, 2, 3)
        ]
        again = client.ask("GET", "/nowhere", X_Forwarded_For=f"6.6.6.6, {write.format(1)}")

    assert [200] * 4 + [404] * 4 == statuses
    assert 429 == again.status_code


def test_failures_of_one_network_keep_nobody_out_elsewhere(shop_url: str) -> None:
    """
    Field report F7: ten wrong logins from one address, the right password from another: 200.
    """
    with behind_a_proxy(shop_url, login_rate_limit="10/minute") as client:
        wrong = [guess(client, "192.0.2.66") for _ in range(11)]
        here, there = (
            client.log_in(ADA, X_Forwarded_For=address).status_code
            for address in ("192.0.2.66", "192.0.2.7")
        )

    assert [401] * 10 + [429] == wrong
    assert (429, 200) == (here, there)


def test_failures_of_links_keep_nobody_out_elsewhere(shop_url: str) -> None:
    """
    Field report F7: forged links and wrong current passwords count for their network alone, too.
    """
    with behind_a_proxy(shop_url, login_rate_limit="2/minute") as client:
        token = client.token(ADA)
        change = {"current_password": "a wrong password", "new_password": "a new password"}
        wrong = [
            client.ask("PUT", "/me/password", token, change, X_Forwarded_For="192.0.2.66")
            for _ in range(3)
        ]
        there = client.log_in(ADA, X_Forwarded_For="192.0.2.7")

    assert [403, 403, 429] == [one.status_code for one in wrong]
    assert 200 == there.status_code


@pytest.mark.parametrize(
    "emails",
    [[ADA] * 3, [f"nobody-{n}@example.com" for n in range(21)]],
    ids=["by-account", "by-network"],
)
def test_a_429_shows_the_policy_that_refused(shop_url: str, emails: list[str]) -> None:
    """
    Field report F19: the headers of a 429 have the policy that refused, with nothing left.
    """
    with behind_a_proxy(shop_url, login_rate_limit="2/hour") as client:
        *tried, refused = (
            client.ask("POST", "/login", body={**WRONG, "email": one}, X_Forwarded_For="192.0.2.1")
            for one in emails
        )

    quota, headers = len(tried), refused.headers
    assert {401} == {one.status_code for one in tried}
    assert (429, ["login"]) == (refused.status_code, refused.json["violated-policies"])
    assert headers["RateLimit-Policy"].endswith(f'"login";q={quota};w=3600')
    assert headers["RateLimit"].endswith(f'"login";r=0;t={headers["Retry-After"]}')


def test_successful_logins_cost_nothing(shop_url: str) -> None:
    """
    Field report, friction: everybody behind one address logs in, however often.
    """
    with behind_a_proxy(shop_url, login_rate_limit="1/hour") as client:
        statuses = [
            client.log_in(email, X_Forwarded_For="192.0.2.1").status_code
            for email in (ADA, BOB, CLEO, EVE) * 3
        ]
        wrong = [guess(client, "192.0.2.1") for _ in range(2)]

    assert [200] * 12 == statuses
    assert [401, 429] == wrong
