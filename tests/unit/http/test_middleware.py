"""What happens to every request: names, limits, origins, and who is behind the proxy."""

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
def test_takes_a_good_request_id(given: str) -> None:
    """
    A client's name for its request is taken.
    """
    assert given == client().get("/nowhere", X_Request_ID=given).headers["x-request-id"]


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "é", "a/b"])
def test_makes_a_request_id(given: str) -> None:
    """
    Any other is replaced by one of our own.
    """
    line = client()

    found = [line.get("/inventory", X_Request_ID=given).headers["x-request-id"] for _ in "ab"]

    assert 2 == len({*found} - {given})
    assert [32, 32] == [len(one) for one in found]


def test_tells_what_is_left_of_a_quota() -> None:
    """
    Every answer of a limited route tells its policies and what is left of them.
    """
    line = client(limiter=CountingLimiter({"default": 300, "write": 60}))

    read = line.get("/inventory", MECHANIC)
    write = line.ask("POST", "/inventory", {}, MECHANIC)

    assert ('"default";q=300;w=60', '"default";r=299;t=41') == (
        read.headers["ratelimit-policy"],
        read.headers["ratelimit"],
    )
    assert '"default";q=300;w=60, "write";q=60;w=60' == write.headers["ratelimit-policy"]
    assert (422, '"default";r=298;t=41, "write";r=59;t=41') == (
        write.status_code,
        write.headers["ratelimit"],
    )


def test_refuses_what_is_too_often() -> None:
    """
    Over the quota is 429, with the time to wait and the policy that was broken.
    """
    line = client(limiter=CountingLimiter({"default": 1}))

    first, second = line.get("/inventory"), line.get("/inventory")

    assert (200, 429) == (first.status_code, second.status_code)
    assert ("41", '"default";r=0;t=41') == (
        second.headers["retry-after"],
        second.headers["ratelimit"],
    )
    assert ("too-many-requests", ["default"]) == (
        second.json["code"],
        second.json["violated-policies"],
    )


def test_counts_by_principal_or_by_address() -> None:
    """
    Who is known is counted as themselves, anybody else by address, bad tokens too.
    """
    limiter = CountingLimiter({"default": 9})
    line = client(limiter=limiter)

    for headers in (bearer(CUSTOMER), bearer(MANAGER), {}, {"Authorization": "Bearer bad"}):
        line.ask("GET", "/inventory", headers=headers)

    assert {
        ("default", "customer:1"): 1,
        ("default", "manager:1"): 1,
        ("default", "address:127.0.0.1"): 2,
    } == limiter.counts


def test_limits_logins_by_address_and_by_account() -> None:
    """
    Tries from one address are counted, and tries of one account from anywhere.
    """
    limiter = CountingLimiter({"login": 3})
    line = client(attrs.evolve(SETTINGS, trusted_proxies=("127.0.0.1",)), limiter=limiter)

    def tries(address: str, body: dict[str, str], path: str = "/login") -> int:
        return line.ask("POST", path, body, headers={"X-Forwarded-For": address}).status_code

    assert [401, 401, 401, 429] == [tries(f"192.0.2.{n}", WRONG) for n in range(4)]
    assert 429 == tries("192.0.2.9", WRONG | {"email": "ADA@example.com"})
    assert 401 == tries("192.0.2.8", WRONG, "/mechanics/login")
    assert not any("ada" in key for _, key in limiter.counts)


def test_counts_the_login_by_address_whoever_shows_a_token() -> None:
    """
    A token does not give a guesser a fresh quota.
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
def test_believes_only_trusted_proxies(peer: str, forwarded: str, counted: str) -> None:
    """
    The last address that no trusted proxy has is the client; IPv6 counts by /64.
    """
    env = testing.create_environ(headers={"X-Forwarded-For": forwarded}) | {"REMOTE_ADDR": peer}

    assert counted == ClientAddresses(["10.0.0.0/8"]).network(Request(env))


def test_keeps_browsers_from_harm() -> None:
    """
    Every answer, errors too, forbids sniffing and framing.
    """
    for path in ("/inventory", "/nowhere", "/healthz"):
        headers = client().get(path).headers
        assert "nosniff" == headers["x-content-type-options"]
        assert "default-src 'none'; frame-ancestors 'none'" == headers["content-security-policy"]


def test_answers_no_plain_http_where_https_is_forced() -> None:
    """
    A plain request is refused, not redirected; health is told all the same.
    """
    line = client(attrs.evolve(SETTINGS, force_https=True, trusted_proxies=("127.0.0.1",)))

    plain = line.get("/inventory")
    secure = line.get("/inventory", X_Forwarded_Proto="https")
    tricked = line.get("/inventory", X_Forwarded_Proto="https, http")

    assert (403, "https-required") == (plain.status_code, plain.json["code"])
    assert (200, "max-age=31536000") == (
        secure.status_code,
        secure.headers["strict-transport-security"],
    )
    assert 403 == tricked.status_code
    assert 200 == line.get("/healthz").status_code


def test_believes_no_stranger_about_https() -> None:
    """
    Who is no trusted proxy can't say that a request was secure.
    """
    line = client(attrs.evolve(SETTINGS, force_https=True))

    assert 403 == line.get("/inventory", X_Forwarded_Proto="https").status_code


def test_lets_pages_of_an_origin_call() -> None:
    """
    A page of a listed origin may call and read what matters; others may not.
    """
    line = client(attrs.evolve(SETTINGS, cors_origins=("https://a.example",)))
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "If-Match",
    }

    first = line.ask("OPTIONS", "/inventory/1", headers=asked).headers
    then = line.get("/inventory/1", Origin="https://a.example").headers
    other = line.get("/inventory/1", Origin="https://b.example").headers

    assert "https://a.example" == first["access-control-allow-origin"]
    assert "PATCH" in first["access-control-allow-methods"]
    assert "If-Match" in first["access-control-allow-headers"]
    assert "PATCH" in first["allow"]
    assert "ETag" in then["access-control-expose-headers"]
    assert {"Origin"} == {one["vary"].rpartition(", ")[2] for one in (first, then, other)}
    assert "access-control-allow-origin" not in other
    assert "access-control-allow-credentials" not in {**first, **then}


def test_lets_everybody_call_with_a_star() -> None:
    """
    With `*` any page may call, without credentials of the browser.
    """
    line = client(attrs.evolve(SETTINGS, cors_origins=("*",)))

    assert (
        "*"
        == line.get("/inventory", Origin="https://x.example").headers["access-control-allow-origin"]
    )


def test_writes_one_line_for_each_request() -> None:
    """
    The log is told who asked for what, by its template, and how it ended; no query, no body.
    """
    lines: list[AccessLogEntry] = []
    line = client(access_log=lines.append)

    line.ask("GET", "/customers?q=ada", actor=MECHANIC, headers={"X-Request-ID": "r1"})
    line.get("/service-tickets/1", CUSTOMER)
    line.get("/nowhere")

    assert [
        ("r1", "GET", "/customers", "list_customers", 200, "mechanic", 2),
        ("GET", "/service_tickets/{ticket_id}", "read_ticket", 404, "customer", 1),
        ("GET", None, None, 404, None, 0),
    ] == [attrs.astuple(lines[0])[:7], *(attrs.astuple(one)[1:7] for one in lines[1:])]
    assert all(one.milliseconds > 0 for one in lines)
    assert [None, "ticket-not-found", "not-found"] == [one.problem for one in lines]


def test_counts_the_statements_of_each_request() -> None:
    """
    Of what its thread has asked of the database, a request's line tells its own part.
    """
    lines: list[AccessLogEntry] = []
    so_far = iter([100, 103, 103, 104])
    line = client(access_log=lines.append, statements=lambda: next(so_far))

    line.get("/inventory")
    line.get("/inventory")

    assert [3, 1] == [one.statements for one in lines]


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
def test_tells_whether_it_is_ready(ready: bool, status: int) -> None:  # noqa: FBT001 - a case
    """
    `/readyz` tells what was looked at, and 503 where requests would fail.
    """
    line = client(ready=lambda: Readiness(ready=ready, checks={"database": "there"}))

    found = line.get("/readyz")

    assert (status, "there") == (found.status_code, found.json["database"])
    assert "no-store" == found.headers["cache-control"]


@pytest.mark.parametrize("method", ["FOO", "WEBSOCKET"])
def test_answers_an_unknown_method_like_a_missing_one(method: str) -> None:
    """
    A method that no standard knows is 405 with `Allow`.
    """
    env = testing.create_environ("/inventory") | {"REQUEST_METHOD": method}
    told = testing.StartResponseMock()

    list(client().app(env, told))

    assert ("405 Method Not Allowed", "GET, HEAD, OPTIONS, POST") == (
        told.status,
        told.headers_dict["allow"],
    )
