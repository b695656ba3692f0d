"""`GET /metrics` is for this machine, and for whoever shows the operator's token."""

import pytest
from falcon import App, testing

from mechanic_http.context import ShopRequest
from mechanic_http.operators.metrics import MetricsPage
from mechanic_http.problems import handlers

TOKEN = "t" * 40
FAR = "203.0.113.7"
PAGE = b"# HELP shop_up Is it?\n"


def line(token: str | None) -> testing.TestClient:
    """Return a client of an application that has the page and nothing else."""
    app = App(request_type=ShopRequest)
    handlers.install(app)
    app.add_route("/metrics", MetricsPage(lambda: (PAGE, "text/plain; version=1.0.0"), token))
    return testing.TestClient(app)


def status(token: str | None, peer: str, **headers: str) -> int:
    """Return what somebody is answered."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = line(token).simulate_get("/metrics", headers=named, extras={"REMOTE_ADDR": peer})
    return asked.status_code


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_is_there_for_this_machine(token: str | None, peer: str) -> None:
    """
    Whoever is on the machine needs no token, and gets the page as it is.
    """
    found = line(token).simulate_get("/metrics", extras={"REMOTE_ADDR": peer})

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
def test_a_proxy_on_this_machine_is_not_this_machine(header: dict[str, str]) -> None:
    """
    What comes through a proxy comes from somewhere else, whatever it says.
    """
    assert 404 == status(None, "127.0.0.1", **header)


@pytest.mark.parametrize("peer", [FAR, "10.0.0.1", "2001:db8::1", "", "unix:"])
def test_is_not_there_for_others(peer: str) -> None:
    """
    Without a token to show, others find nothing.
    """
    assert 404 == status(None, peer)
    assert 404 == status(None, peer, Authorization="Bearer None")


def test_the_token_opens() -> None:
    """
    With the token it does not matter where somebody comes from.
    """
    assert 200 == status(TOKEN, FAR, Authorization=f"Bearer {TOKEN}")
    assert 200 == status(TOKEN, FAR, Authorization=f"bearer  {TOKEN} ")


@pytest.mark.parametrize(
    "shown", ["", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xe9"]
)
def test_another_token_does_not(shown: str) -> None:
    """
    Anything else is refused, and told what would help.
    """
    found = line(TOKEN).simulate_get(
        "/metrics", headers={"Authorization": shown}, extras={"REMOTE_ADDR": FAR}
    )

    assert (401, "token-refused") == (found.status_code, found.json["code"])
    assert found.headers["www-authenticate"].startswith("Bearer")
