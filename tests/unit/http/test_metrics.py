"""`GET /metrics` is for this machine and for bearers of the operator's token."""

import pytest
from falcon import App, testing

from mechanic_http.context import ShopRequest
from mechanic_http.operators.metrics import MetricsResource
from mechanic_http.problems import handlers

TOKEN = "t" * 40
FAR = "203.0.113.7"
PAGE = b"# HELP shop_up Is it?\n"


def metrics_client(token: str | None) -> testing.TestClient:
    """Return a client of an application with the metrics page only."""
    app = App(request_type=ShopRequest)
    handlers.install(app)
    app.add_route("/metrics", MetricsResource(lambda: (PAGE, "text/plain; version=1.0.0"), token))
    return testing.TestClient(app)


def status(token: str | None, peer: str, **headers: str) -> int:
    """Return the status and challenge of a response."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = metrics_client(token).simulate_get(
        "/metrics", headers=named, extras={"REMOTE_ADDR": peer}
    )
    return request.status_code


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_serves_this_machine(token: str | None, peer: str) -> None:
    """
    A local client needs no token.
    """
    found = metrics_client(token).simulate_get("/metrics", extras={"REMOTE_ADDR": peer})

    assert (200, PAGE) == (found.status_code, found.content)
    assert "text/plain; version=1.0.0" == found.headers["content-type"]
    assert "no-store" == found.headers["cache-control"]


@pytest.mark.parametrize(
    "header",
    [
        {"X_Forwarded_For": FAR},
        {"X_Forwarded_Proto": "https"},
        {"X_Real_IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_a_local_proxy_is_not_this_machine(header: dict[str, str]) -> None:
    """
    A request through a local proxy is not local.
    """
    assert 404 == status(None, "127.0.0.1", **header)


@pytest.mark.parametrize("peer", [FAR, "10.0.0.1", "2001:db8::1", "", "unix:"])
def test_is_404_for_others(peer: str) -> None:
    """
    Without a configured token, remote clients get 404.
    """
    assert 404 == status(None, peer)
    assert 404 == status(None, peer, Authorization="Bearer None")


def test_the_token_is_accepted_from_anywhere() -> None:
    """
    With the token any client is served.
    """
    assert 200 == status(TOKEN, FAR, Authorization=f"Bearer {TOKEN}")
    assert 200 == status(TOKEN, FAR, Authorization=f"bearer  {TOKEN} ")


@pytest.mark.parametrize(
    "shown", ["", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xe9"]
)
def test_another_token_is_refused(shown: str) -> None:
    """
    Any other credentials are 401 with a challenge.
    """
    found = metrics_client(TOKEN).simulate_get(
        "/metrics", headers={"Authorization": shown}, extras={"REMOTE_ADDR": FAR}
    )

    assert (401, "token-refused") == (found.status_code, found.json["code"])
    assert found.headers["www-authenticate"].startswith("Bearer")
