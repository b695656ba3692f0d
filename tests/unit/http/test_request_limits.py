"""Rate limits of requests: per caller and client network, for attempts, and for everything else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Final

import attrs
import pytest
from falcon import testing

from mechanic_adapters.rate_limits.limiter import RateLimiter, open_rate_limiter
from mechanic_core.access import Actor, Role
from mechanic_core.errors import Unavailable
from tests.shops import CUSTOMER, MANAGER, MECHANIC, PlainPasswords
from tests.unit.http.shop import SETTINGS, Client, CountingLimiter, bearer, client

PASSWORD: Final = "correct horse battery"
LOGIN: Final = {"email": "ada@example.com", "password": PASSWORD}
WRONG: Final = LOGIN | {"password": "wrong"}
CLEO: Final = LOGIN | {"email": "cleo@x.example"}
BEHIND_PROXY: Final = attrs.evolve(SETTINGS, trusted_proxies=("127.0.0.1",))


def limits(**given: str) -> RateLimiter:
    """Return limits in memory; policies that are not *given* are off."""
    off = dict.fromkeys(("default", "login", "static", "write"), "")
    return open_rate_limiter({**off, **given})


def send(  # noqa: PLR0913 - a request has that many sides
    shop: Client, address: str, method: str, path: str, body: Any = None, actor: Actor | None = None
) -> testing.Result:
    """Return the response to a request from *address*."""
    headers = {"X-Forwarded-For": address}
    return shop.ask(method, path, body, actor or Actor(), headers=headers)


def log_in(shop: Client, address: str, body: dict[str, str], path: str = "/login") -> int:
    """Return the status of a login from *address*."""
    return send(shop, address, "POST", path, body).status_code


@pytest.fixture
def shop() -> Client:
    """A shop behind a proxy that allows three failed logins a minute."""
    return client(BEHIND_PROXY, limiter=limits(login="3/minute"))


def test_sends_rate_limit_headers() -> None:
    """
    Every response of a limited route has its policies and remaining quotas.
    """
    shop = client(limiter=CountingLimiter({"default": 300, "write": 60}))

    read = shop.get("/inventory", MECHANIC)
    write = shop.ask("POST", "/inventory", {}, MECHANIC)

    assert ('"default";q=300;w=60', '"default";r=299;t=41') == (
        read.headers["ratelimit-policy"],
        read.headers["ratelimit"],
    )
    assert '"default";q=300;w=60, "write";q=60;w=60' == write.headers["ratelimit-policy"]
    assert (422, '"default";r=298;t=41, "write";r=59;t=41') == (
        write.status_code,
        write.headers["ratelimit"],
    )


def test_refuses_over_the_rate_limit() -> None:
    """
    Over the limit is 429, with Retry-After and the violated policy.
    """
    shop = client(limiter=CountingLimiter({"default": 1}))

    first, second = shop.get("/inventory"), shop.get("/inventory")

    assert (200, 429) == (first.status_code, second.status_code)
    assert ("41", '"default";r=0;t=41') == (
        second.headers["retry-after"],
        second.headers["ratelimit"],
    )
    assert ("too-many-requests", ["default"]) == (
        second.json["code"],
        second.json["violated-policies"],
    )


def test_counts_by_caller_and_by_network() -> None:
    """
    An actor is counted by identity, all others by network, and everybody in the network's total.
    """
    limiter = CountingLimiter({"default": 9})
    shop = client(limiter=limiter)

    for headers in (bearer(CUSTOMER), bearer(MANAGER), {}, {"Authorization": "Bearer bad"}):
        shop.ask("GET", "/inventory", headers=headers)

    assert {
        ("default", "customer:1"): 1,
        ("default", "manager:1"): 1,
        ("default", "anonymous@127.0.0.1"): 2,
        ("default", "127.0.0.1"): 4,
    } == limiter.counts


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8:1:2:3::4"])
def test_registering_does_not_multiply_a_limit(address: str) -> None:
    """
    However many accounts one network has, they have ten times the limit together.
    """
    shop = client(BEHIND_PROXY, limiter=limits(default="4/minute"))
    accounts = [Actor(Role.CUSTOMER, n) for n in range(1, 31)]

    statuses = [
        send(shop, address, "GET", "/inventory", actor=account).status_code
        for account in accounts
        for _ in range(6)
    ]
    elsewhere = send(shop, "192.0.2.99", "GET", "/inventory", actor=accounts[-1])

    assert 40 == statuses.count(200)
    assert 180 == statuses.count(200) + statuses.count(429)
    assert 200 == elsewhere.status_code


def test_the_networks_of_a_site_share_a_limit() -> None:
    """
    The /64 networks of an IPv6 /48 have a hundred times the limit together, and each its own.
    """
    shop = client(BEHIND_PROXY, limiter=limits(default="1/minute"))

    def statuses(site: str) -> list[int]:
        return [
            send(shop, f"2001:db8:{site}:{n}::1", "GET", "/inventory").status_code
            for n in range(101)
        ]

    assert [200] * 100 + [429] == statuses("1")
    assert [200] * 100 + [429] == statuses("2")


def test_failures_elsewhere_do_not_lock_an_owner_out(shop: Client) -> None:
    """
    F7: wrong logins are counted per account and network: the owner logs in from another network.
    """
    strangers = [log_in(shop, "192.0.2.1", WRONG) for _ in range(5)]
    upper_case = log_in(shop, "192.0.2.1", LOGIN | {"email": "ADA@example.com"})
    owner = [log_in(shop, "192.0.2.2", LOGIN) for _ in range(5)]
    other_account = log_in(shop, "192.0.2.1", CLEO)
    staff = log_in(shop, "192.0.2.1", WRONG, "/mechanics/login")

    assert [401, 401, 401, 429, 429] == strangers
    assert (429, [200] * 5) == (upper_case, owner)
    assert (200, 401) == (other_account, staff)


def test_a_network_has_ten_times_the_failures_for_all_accounts(shop: Client) -> None:
    """
    Guessing at many accounts from one network is limited too.
    """
    statuses = [
        log_in(shop, "192.0.2.1", WRONG | {"email": f"nobody{n}@example.com"}) for n in range(32)
    ]

    assert [401] * 30 + [429] * 2 == statuses
    assert 429 == log_in(shop, "192.0.2.1", LOGIN)
    assert 200 == log_in(shop, "192.0.2.2", LOGIN)


def test_successful_logins_cost_nothing(shop: Client) -> None:
    """
    Everybody behind one address can log in at the same time, again and again.
    """
    statuses = [log_in(shop, "192.0.2.1", body) for _ in range(40) for body in (LOGIN, CLEO)]
    wrong = [log_in(shop, "192.0.2.1", WRONG) for _ in range(4)]

    assert [200] * 80 == statuses
    assert [401, 401, 401, 429] == wrong


def test_a_token_gives_no_new_attempts(shop: Client) -> None:
    """
    Logins are counted whether or not the request has a token.
    """
    statuses = [
        send(shop, "192.0.2.1", "POST", "/login", WRONG, actor).status_code
        for actor in (CUSTOMER, MECHANIC, MANAGER, Actor(Role.CUSTOMER, 2))
    ]

    assert [401, 401, 401, 429] == statuses


def test_no_key_has_an_address_of_a_person() -> None:
    """
    The keys of accounts are hashes.
    """
    limiter = CountingLimiter({"login": 9})

    client(limiter=limiter).ask("POST", "/login", LOGIN)

    assert limiter.counts
    assert not any("ada" in key for _, key in limiter.counts)


def test_parallel_guesses_count(monkeypatch: pytest.MonkeyPatch, shop: Client) -> None:
    """
    An attempt counts when it starts: guesses sent at once are no more than guesses in turn.
    """
    verifying = Barrier(3, timeout=60)

    def verify(_: object, __: str | None, ___: str) -> bool:
        verifying.wait()
        return False

    monkeypatch.setattr(PlainPasswords, "verify", verify)
    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(lambda _: log_in(shop, "192.0.2.1", WRONG), range(12)))

    assert [401] * 3 + [429] * 9 == sorted(statuses)


def test_an_outage_is_no_failed_login(monkeypatch: pytest.MonkeyPatch, shop: Client) -> None:
    """
    An attempt that was not decided is given back; a body that names no account is none.
    """
    with monkeypatch.context() as patched:
        patched.setattr(PlainPasswords, "verify", raise_unavailable)
        outage = [log_in(shop, "192.0.2.1", LOGIN) for _ in range(5)]
    malformed = [log_in(shop, "192.0.2.1", {"email": "ada@example.com"}) for _ in range(5)]

    assert ([503] * 5, [422] * 5) == (outage, malformed)
    assert 200 == log_in(shop, "192.0.2.1", LOGIN)


def raise_unavailable(_: object, __: str | None, ___: str) -> bool:
    """Raise what an overloaded server raises."""
    raise Unavailable


def test_a_wrong_current_password_counts_as_a_failed_login(shop: Client) -> None:
    """
    A stolen token is no way around the limit: the attempts of both routes are counted together.
    """

    def change(current: str, address: str = "192.0.2.1") -> tuple[int, str | None]:
        body = {"current_password": current, "new_password": "another password"}
        response = send(shop, address, "PUT", "/me/password", body, CUSTOMER)
        return response.status_code, response.json and response.json["code"]

    wrong = [change("wrong"), change("wrong")]
    log_in(shop, "192.0.2.1", WRONG)
    refused = change(PASSWORD)

    assert [(403, "wrong-password")] * 2 == wrong
    assert (429, "too-many-requests") == refused
    assert 429 == log_in(shop, "192.0.2.1", LOGIN)
    assert (204, None) == change(PASSWORD, "192.0.2.2")


def test_a_429_shows_the_policy_that_refused() -> None:
    """
    F19: the quota of the policy that refuses has nothing left, and says when it has.
    """
    limiter = limits(default="100/minute", login="1/hour")
    shop = client(BEHIND_PROXY, limiter=limiter)
    log_in(shop, "192.0.2.1", WRONG)

    refused = send(shop, "192.0.2.1", "POST", "/login", WRONG)
    for n in range(9):
        log_in(shop, "192.0.2.1", WRONG | {"email": f"n{n}@example.com"})
    by_network = send(shop, "192.0.2.1", "POST", "/login", CLEO)

    for response, limit in ((refused, 1), (by_network, 10)):
        assert (429, ["login"]) == (response.status_code, response.json["violated-policies"])
        assert response.headers["ratelimit-policy"].endswith(f', "login";q={limit};w=3600')
        shown = response.headers["ratelimit"].partition(", ")[2]
        assert f'"login";r=0;t={response.headers["retry-after"]}' == shown
        assert 3500 < int(response.headers["retry-after"]) <= 3600


STATIC: Final = (
    *(("GET", path) for path in ("/", "/docs", "/openapi.json", "/problems/not-found")),
    *(("GET", path) for path in ("/static/pages.css", "/static/swagger.yaml", "/nowhere")),
    *(("GET", path) for path in ("/customers/x", "/static/nothing", "/problems/nothing")),
    *(("OPTIONS", "/inventory"), ("OPTIONS", "/nowhere"), ("OPTIONS", "/docs")),
    *(("POST", "/docs"), ("DELETE", "/inventory"), ("TRACE", "/inventory"), ("HEAD", "/nowhere")),
)


@pytest.mark.parametrize(("method", "path"), STATIC)
def test_nothing_is_free(method: str, path: str) -> None:
    """
    Documents, files, unknown paths and methods, and preflights have a limit per network.
    """
    shop = client(BEHIND_PROXY, limiter=limits(static="2/minute"))

    mine = [send(shop, "192.0.2.1", method, path) for _ in range(3)]
    other = send(shop, "192.0.2.2", method, path)

    assert mine[0].status_code == mine[1].status_code == other.status_code != 429
    assert 429 == mine[2].status_code
    assert ['"static";q=2;w=60'] * 3 == [one.headers["ratelimit-policy"] for one in mine]
    assert [1, 0, 0] == [remaining(one) for one in mine]
    assert 429 != send(shop, "192.0.2.1", "GET", "/inventory").status_code


def remaining(response: testing.Result) -> int:
    """Return what remains of the only quota of a response."""
    return int(response.headers["ratelimit"].partition("r=")[2].partition(";")[0])


def test_what_is_static_is_counted_together() -> None:
    """
    All that has no operation counts under one limit; a token makes no difference.
    """
    shop = client(BEHIND_PROXY, limiter=limits(static="5/minute"))

    statuses = [
        send(shop, "192.0.2.1", method, path, actor=actor).status_code
        for method, path in (("GET", "/docs"), ("GET", "/nowhere"), ("OPTIONS", "/me"))
        for actor in (CUSTOMER, MANAGER)
    ]

    assert [200, 200, 404, 404, 204, 429] == statuses


def test_requests_refused_for_plain_http_are_counted() -> None:
    """
    A request that did not arrive over HTTPS has a limit too.
    """
    settings = attrs.evolve(BEHIND_PROXY, force_https=True)
    shop = client(settings, limiter=limits(static="2/minute"))

    assert [403, 403, 429] == [
        send(shop, "192.0.2.1", "GET", "/inventory").status_code for _ in range(3)
    ]
    assert 200 == send(shop, "192.0.2.1", "GET", "/healthz").status_code


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz/"])
def test_a_probe_is_never_refused(path: str) -> None:
    """
    Probes get a response however many there are.
    """
    shop = client(limiter=limits(static="1/hour", default="1/hour"))
    list(exhaust(shop))

    assert {200} == {shop.get(path).status_code for _ in range(5)}
    assert "ratelimit" not in shop.get(path).headers


def exhaust(shop: Client) -> Iterator[int]:
    """Send requests until the limits of 1 are exceeded."""
    for path in ("/docs", "/inventory"):
        yield from (shop.get(path).status_code for _ in range(2))


def test_a_refused_write_costs_no_reads() -> None:
    """
    A caller over the limit of writes can still read.
    """
    shop = client(limiter=limits(default="4/minute", write="1/minute"))
    draft = {"name": "Rag", "price": 1}

    writes = [shop.ask("POST", "/inventory", draft, MECHANIC).status_code for _ in range(9)]
    reads = [shop.get("/inventory", MECHANIC).status_code for _ in range(4)]

    assert [201] + [429] * 8 == writes
    assert [200] * 3 + [429] == reads


VIN: Final = "1HGCM82633A004352"
OTHER_VIN: Final = "5GZCZ43D13S812715"
CUSTOMER_CLEO: Final = Actor(Role.CUSTOMER, 2)
PROBES: Final = {
    "a new vehicle": ("POST", "/vehicles", {}),
    "a replaced vehicle": ("PUT", "/vehicles/2", {}),
    "a changed vehicle": ("PATCH", "/vehicles/2", {}),
    "a ticket": ("POST", "/service_tickets", {"description": "Noise"}),
}


@pytest.mark.parametrize("probe", PROBES)
def test_vins_are_not_probed_without_end(shop: Client, probe: str) -> None:
    """
    A customer's VIN that another's vehicle has counts as a failed login, other requests do not.
    """
    method, path, body = PROBES[probe]
    made = send(shop, "192.0.2.1", "POST", "/vehicles", {}, CUSTOMER_CLEO)
    own = [
        send(shop, "192.0.2.1", "PATCH", "/vehicles/2", {"make": f"{n}"}, CUSTOMER_CLEO)
        for n in range(5)
    ]
    guesses = [
        send(shop, "192.0.2.1", method, path, body | {"vin": VIN}, CUSTOMER_CLEO) for _ in range(4)
    ]
    honest = send(shop, "192.0.2.1", method, path, body | {"vin": OTHER_VIN}, CUSTOMER_CLEO)
    staff = [
        send(shop, "192.0.2.1", "PATCH", "/vehicles/2", {"vin": VIN}, MECHANIC) for _ in range(5)
    ]

    assert 201 == made.status_code
    assert [200] * 5 == [answer.status_code for answer in own]
    assert [409, 409, 409, 429] == [answer.status_code for answer in guesses]
    assert (429, ["login"]) == (honest.status_code, honest.json["violated-policies"])
    assert [409] * 5 == [answer.status_code for answer in staff]
