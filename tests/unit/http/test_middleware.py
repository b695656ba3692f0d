"""Middleware: request ids, rate limits, CORS, trusted proxies, the access log."""

import attrs
import pytest
from falcon import Request, testing

from mechanic_http.middleware.client_address import ClientAddresses
from mechanic_http.ports import AccessLogEntry, Readiness
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import SETTINGS, CountingLimiter, bearer, client

LOGIN = {"email": "ada@example.com", "password": "correct horse battery"}
WRONG = LOGIN | {"password": "wrong"}


@pytest.mark.parametrize("given", ["a", "A-z_0.9", "x" * 128])
def test_accepts_a_valid_request_id(given: str) -> None:
    """
    A valid X-Request-ID of the client is used.
    """
    assert given == client().get("/nowhere", X_Request_ID=given).headers["x-request-id"]


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "é", "a/b"])
def test_replaces_an_invalid_request_id(given: str) -> None:
    """
    An invalid X-Request-ID is replaced by a new one.
    """
    shop = client()

    found = [shop.get("/inventory", X_Request_ID=given).headers["x-request-id"] for _ in "ab"]

    assert 2 == len({*found} - {given})
    assert [32, 32] == [len(one) for one in found]


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


def test_counts_by_actor_or_by_address() -> None:
    """
    An actor is counted by identity, everybody else by address, invalid tokens too.
    """
    limiter = CountingLimiter({"default": 9})
    shop = client(limiter=limiter)

    for headers in (bearer(CUSTOMER), bearer(MANAGER), {}, {"Authorization": "Bearer bad"}):
        shop.ask("GET", "/inventory", headers=headers)

    assert {
        ("default", "customer:1"): 1,
        ("default", "manager:1"): 1,
        ("default", "address:127.0.0.1"): 2,
    } == limiter.counts


def test_limits_logins_by_address_and_by_account() -> None:
    """
    Logins are counted per address, and per account from any address.
    """
    limiter = CountingLimiter({"login": 3})
    shop = client(attrs.evolve(SETTINGS, trusted_proxies=("127.0.0.1",)), limiter=limiter)

    def tries(address: str, body: dict[str, str], path: str = "/login") -> int:
        return shop.ask("POST", path, body, headers={"X-Forwarded-For": address}).status_code

    assert [401, 401, 401, 429] == [tries(f"192.0.2.{n}", WRONG) for n in range(4)]
    assert 429 == tries("192.0.2.9", WRONG | {"email": "ADA@example.com"})
    assert 401 == tries("192.0.2.8", WRONG, "/mechanics/login")
    assert not any("ada" in key for _, key in limiter.counts)


def test_counts_logins_by_address_despite_a_token() -> None:
    """
    A token does not give a new login quota.
    """
    limiter = CountingLimiter({"login": 9})

    client(limiter=limiter).ask("POST", "/login", LOGIN, MANAGER)

    assert ("login", "address:127.0.0.1") in limiter.counts


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
        ("::ffff:10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", "192.0.2.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_trusts_only_configured_proxies(peer: str, forwarded: str, counted: str) -> None:
    """
    The last address that is no trusted proxy is the client; IPv6 counts by /64.
    """
    env = testing.create_environ(headers={"X-Forwarded-For": forwarded}) | {"REMOTE_ADDR": peer}

    assert counted == ClientAddresses(["10.0.0.0/8"]).network(Request(env))


def test_sends_security_headers() -> None:
    """
    Every response, errors too, forbids sniffing and framing.
    """
    for path in ("/inventory", "/nowhere", "/healthz"):
        headers = client().get(path).headers
        assert "nosniff" == headers["x-content-type-options"]
        assert "default-src 'none'; frame-ancestors 'none'" == headers["content-security-policy"]


def test_refuses_plain_http_where_https_is_required() -> None:
    """
    A plain request is refused, not redirected, except for probes.
    """
    shop = client(attrs.evolve(SETTINGS, force_https=True, trusted_proxies=("127.0.0.1",)))

    plain = shop.get("/inventory")
    secure = shop.get("/inventory", X_Forwarded_Proto="https")
    tricked = shop.get("/inventory", X_Forwarded_Proto="https, http")

    assert (403, "https-required") == (plain.status_code, plain.json["code"])
    assert (200, "max-age=31536000") == (
        secure.status_code,
        secure.headers["strict-transport-security"],
    )
    assert 403 == tricked.status_code
    assert 200 == shop.get("/healthz").status_code


def test_trusts_no_other_client_about_https() -> None:
    """
    X-Forwarded-Proto of an untrusted client is ignored.
    """
    shop = client(attrs.evolve(SETTINGS, force_https=True))

    assert 403 == shop.get("/inventory", X_Forwarded_Proto="https").status_code


def test_allows_configured_origins() -> None:
    """
    A page of a configured origin may call and read the exposed headers; others may not.
    """
    shop = client(attrs.evolve(SETTINGS, cors_origins=("https://a.example",)))
    request = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "If-Match",
    }

    first = shop.ask("OPTIONS", "/inventory/1", headers=request).headers
    then = shop.get("/inventory/1", Origin="https://a.example").headers
    other = shop.get("/inventory/1", Origin="https://b.example").headers

    assert "https://a.example" == first["access-control-allow-origin"]
    assert "PATCH" in first["access-control-allow-methods"]
    assert "If-Match" in first["access-control-allow-headers"]
    assert "PATCH" in first["allow"]
    assert "ETag" in then["access-control-expose-headers"]
    assert {"Origin"} == {one["vary"].rpartition(", ")[2] for one in (first, then, other)}
    assert "access-control-allow-origin" not in other
    assert "access-control-allow-credentials" not in {**first, **then}


def test_allows_all_origins() -> None:
    """
    With `*` any page may call, without credentials.
    """
    shop = client(attrs.evolve(SETTINGS, cors_origins=("*",)))

    assert (
        "*"
        == shop.get("/inventory", Origin="https://x.example").headers["access-control-allow-origin"]
    )


def test_logs_each_request_once() -> None:
    """
    The access log has actor, route template and status; no query, no body.
    """
    lines: list[AccessLogEntry] = []
    shop = client(access_log=lines.append)

    shop.ask("GET", "/customers?q=ada", actor=MECHANIC, headers={"X-Request-ID": "r1"})
    shop.get("/service-tickets/1", CUSTOMER)
    shop.get("/nowhere")

    assert [
        ("r1", "GET", "/customers", "list_customers", 200, "mechanic", 2),
        ("GET", "/service_tickets/{ticket_id}", "read_ticket", 404, "customer", 1),
        ("GET", None, None, 404, None, 0),
    ] == [attrs.astuple(lines[0])[:7], *(attrs.astuple(one)[1:7] for one in lines[1:])]
    assert all(one.milliseconds > 0 for one in lines)
    assert [None, "ticket-not-found", "not-found"] == [one.problem for one in lines]


def test_logs_the_statements_of_each_request() -> None:
    """
    An entry has the number of SQL statements of its own request.
    """
    lines: list[AccessLogEntry] = []
    so_far = iter([100, 103, 103, 104])
    shop = client(access_log=lines.append, statements=lambda: next(so_far))

    shop.get("/inventory")
    shop.get("/inventory")

    assert [3, 1] == [one.statements for one in lines]


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
def test_reports_readiness(ready: bool, status: int) -> None:  # noqa: FBT001 - a case
    """
    `/readyz` lists the checks, and is 503 if one fails.
    """
    shop = client(ready=lambda: Readiness(ready=ready, checks={"database": "there"}))

    found = shop.get("/readyz")

    assert (status, "there") == (found.status_code, found.json["database"])
    assert "no-store" == found.headers["cache-control"]


@pytest.mark.parametrize("method", ["FOO", "WEBSOCKET"])
def test_an_unknown_method_is_405(method: str) -> None:
    """
    An unknown method is 405 with `Allow`.
    """
    env = testing.create_environ("/inventory") | {"REQUEST_METHOD": method}
    response = testing.StartResponseMock()

    list(client().app(env, response))

    assert ("405 Method Not Allowed", "GET, HEAD, OPTIONS, POST") == (
        response.status,
        response.headers_dict["allow"],
    )
