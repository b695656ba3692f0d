"""Middleware: request ids, rate limits, CORS, trusted proxies, the access log."""

import tracemalloc

import attrs
import pytest
from falcon import testing

from mechanic_http.middleware.client_address import ClientAddresses
from mechanic_http.ports import AccessLogEntry, Readiness
from tests.shops import CUSTOMER, MECHANIC
from tests.unit.http.shop import SETTINGS, CountingLimiter, client


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
        ("10.0.0.1", "198.51.100.7:5131", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7:5131, 10.0.0.2:80", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"),
        ("10.0.0.1", "[2001:db8:1:2::7]", "2001:db8:1:2::/64"),
        ("10.0.0.1", "[::ffff:198.51.100.7]:443", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7:", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7:x", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7:123456", "10.0.0.1"),
        ("10.0.0.1", "[2001:db8::1", "10.0.0.1"),
        ("10.0.0.1", "[2001:db8::1]x", "10.0.0.1"),
        ("10.0.0.1", "2001:db8:1:2::1:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("::1", "", "::/64"),
    ],
)
def test_trusts_only_configured_proxies(peer: str, forwarded: str, counted: str) -> None:
    """
    F6: the last address that is no trusted proxy is the client, with or without a port.

    IPv6 counts by /64.
    """
    assert counted == ClientAddresses(["10.0.0.0/8"]).networks(peer, forwarded)[0]


def test_long_forwarded_addresses_take_no_memory() -> None:
    """
    What a stranger sends as `X-Forwarded-For` is not remembered, however often and long it is.
    """
    shop = client(limiter=CountingLimiter({}))
    tracemalloc.start()
    try:
        for number in range(1000):
            shop.get("/nowhere", X_Forwarded_For=f"{number}{'x' * 8000}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 2_000_000


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
    X-Forwarded-Proto of an untrusted client is ignored, and the setting that trusts it is named.
    """
    shop = client(attrs.evolve(SETTINGS, force_https=True))

    forwarded = shop.get("/inventory", X_Forwarded_Proto="https")
    plain = shop.get("/inventory")

    assert [(403, True), (403, False)] == [
        (one.status_code, "TRUSTED_PROXIES" in one.json["detail"]) for one in (forwarded, plain)
    ]


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
