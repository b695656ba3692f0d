"""`open_application`: on a store of the host, on a shop of the host, with routes of its own."""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import falcon
import pytest
from attrs import define
from falcon import testing

from mechanic_adapters.memory import MemoryStore
from mechanic_core.access import Actor, Role
from mechanic_core.errors import Unavailable
from mechanic_core.events.event import Event
from mechanic_core.inventory.movement import MovementForm
from mechanic_core.inventory.part import Kind, Part, PartForm, PartId
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Quantity
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import EventListener, Listener, Work
from mechanic_shop import Settings, open_application, open_shop
from tests.shops import PlainTokens, shop_on
from tests.strategies import NOON, sample

MANAGER = Actor(Role.MANAGER)
EMAIL, PASSWORD = "eve@shop.example", "a horse that nobody knows"
SETTINGS = Settings.of(write_rate_limit="", login_rate_limit="", global_rate_limit="")
SCRAP = {"kind": "scrap", "quantity": 6}


def hire_eve(shop: Shop) -> None:
    """Hire the manager Eve, and add a part that is reordered when five are left."""
    shop.hire_mechanic(MANAGER, sample(Hiring, email=EMAIL, password=PASSWORD, role=Role.MANAGER))
    quantities = {"quantity": Quantity(10_000), "reorder_point": Quantity(5_000)}
    shop.add_part(MANAGER, sample(PartForm, sku="PAD", **quantities))


@contextmanager
def furnished(store: MemoryStore) -> Iterator[MemoryStore]:
    """Yield *store* with Eve and a part in it."""
    with open_shop(store=store) as shop:
        hire_eve(shop)
    yield store


def ask(app: WSGIApplication, method: str, path: str, token: str = "", **sent: Any) -> Any:
    """Return the response to a request from this machine."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    extras = {"REMOTE_ADDR": "127.0.0.1"}
    return testing.simulate_request(app, method, path, headers=headers, extras=extras, **sent)


def token_of(app: WSGIApplication) -> str:
    """Return Eve's access token."""
    credentials = {"email": EMAIL, "password": PASSWORD}
    return str(ask(app, "POST", "/mechanics/login", json=credentials).json["token"])


def test_serves_a_store_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An application on a store in memory serves everything, and writes no file.
    """
    monkeypatch.chdir(tmp_path)
    with furnished(MemoryStore()) as store, open_application(SETTINGS, store=store) as app:
        token = token_of(app)
        added = ask(app, "POST", "/inventory", token, json={"name": "Oil", "price": 9.5})
        listed = ask(app, "GET", "/inventory", params={"per_page": "1"})
        statuses = {
            path: ask(app, "GET", path, token).status_code
            for path in ("/healthz", "/readyz", "/metrics", "/me", "/mechanics/leaderboard")
        }
        ready = ask(app, "GET", "/readyz").json
        gone_on = ask(app, "GET", "/inventory", params={"cursor": listed.json["next_cursor"]})

    assert 201 == added.status_code
    assert ["Oil"] == [item["name"] for item in gone_on.json["items"]]
    assert set(statuses.values()) == {200}
    assert "up" == ready["store"]
    assert [] == [*tmp_path.iterdir()]


@define
class StoreAway:
    """A store of a stranger's that cannot be reached."""

    def begin(self, actor: Actor | None = None) -> AbstractContextManager[Work]:
        """Raise `Unavailable`."""
        raise Unavailable

    def read_only(self) -> AbstractContextManager[Work]:
        """Raise `Unavailable`."""
        raise Unavailable

    def on_commit(self, listener: EventListener) -> None:
        """Do nothing: nothing is committed."""

    def subscribe(self, listener: Listener) -> None:
        """Do nothing: nothing is committed."""

    def ping(self) -> None:
        """Raise `Unavailable`."""
        raise Unavailable

    def close(self) -> None:
        """Do nothing."""


def test_a_store_that_is_away_is_not_ready() -> None:
    """
    `/readyz` asks the store of the host, and requests are 503 while it is away.
    """
    with open_application(SETTINGS, store=StoreAway()) as app:
        ready, listed = ask(app, "GET", "/readyz"), ask(app, "GET", "/inventory")

    assert (503, "down") == (ready.status_code, ready.json["store"])
    assert 503 == listed.status_code


def test_serves_a_shop_of_the_host(tmp_path: Path) -> None:
    """
    An application on a shop of the host takes its tokens, and shows its changes at once.
    """
    with open_shop(tmp_path / "shop.db") as shop:
        hire_eve(shop)
        with open_application(SETTINGS, shop=shop) as app:
            before = ask(app, "GET", "/inventory").json["items"]
            shop.add_part(MANAGER, sample(PartForm, sku="OIL"))
            after = ask(app, "GET", "/inventory").json["items"]
            status = ask(app, "GET", "/me", token_of(app)).status_code
        assert "PAD" == shop.read_part(MANAGER, PartId(1)).sku

    assert ["PAD"] == [part["sku"] for part in before]
    assert ["PAD", "OIL"] == [part["sku"] for part in after]
    assert 200 == status


class Greeting:
    """A resource of the host."""

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Greet."""
        resp.media = {"hello": "shop"}


def test_serves_routes_of_the_host() -> None:
    """
    The host's own routes are served beside those of the shop.
    """
    routes = [("/hello", Greeting())]
    with open_application(SETTINGS, store=MemoryStore(), routes=routes) as app:
        greeting = ask(app, "GET", "/hello")
        other = ask(app, "GET", "/inventory")

    assert {"hello": "shop"} == greeting.json
    assert (200, 200) == (greeting.status_code, other.status_code)


@pytest.mark.parametrize("taken", ["/inventory", "/customers/{id:id}", "/metrics", "/healthz"])
def test_a_route_of_the_shop_cannot_be_replaced(taken: str) -> None:
    """
    A route that the shop has already is refused: it would lose its policy.
    """
    with pytest.raises(ValueError, match=f"{taken.partition('{')[0]}.* is a route of the shop"):
        open_application(SETTINGS, store=MemoryStore(), routes=[(taken, Greeting())]).__enter__()


def test_the_host_hears_of_low_stock() -> None:
    """
    The host's listener is called when a part falls to its reorder point.
    """
    low: list[Part] = []
    with (
        furnished(MemoryStore()) as store,
        open_application(SETTINGS, store=store, low_stock=low.append) as app,
    ):
        moved = ask(app, "POST", "/inventory/1/movements", token_of(app), json=SCRAP)

    assert 201 == moved.status_code
    assert ["PAD"] == [part.sku for part in low]


def test_the_host_of_a_shop_hears_of_low_stock(tmp_path: Path) -> None:
    """
    The same listener works without HTTP.
    """
    low: list[Part] = []
    with open_shop(tmp_path / "shop.db", low_stock=low.append) as shop:
        hire_eve(shop)
        shop.move_stock(
            MANAGER, PartId(1), sample(MovementForm, kind=Kind.SCRAP, quantity=Quantity(6_000))
        )

    assert ["PAD"] == [part.sku for part in low]


def test_a_shop_is_not_given_a_second_store() -> None:
    """
    A shop has its store and listener already.
    """
    with open_shop(store=MemoryStore()) as shop, pytest.raises(TypeError, match="already"):
        open_application(SETTINGS, shop=shop, store=MemoryStore()).__enter__()


def test_a_shop_whose_tokens_cannot_be_verified_is_refused() -> None:
    """
    An application must be able to verify the tokens of the shop.
    """
    assert PlainTokens().issue(MANAGER, NOON)
    shop = shop_on(MemoryStore(), lambda: NOON)

    with pytest.raises(TypeError, match="a shop from open_shop"):
        open_application(SETTINGS, shop=shop).__enter__()


def test_the_host_hears_of_each_commit() -> None:
    """
    The listener gets the events of a request that changes something, as one tuple.
    """
    heard: list[tuple[Event, ...]] = []
    with (
        furnished(MemoryStore()) as store,
        open_application(SETTINGS, store=store, on_commit=heard.append) as app,
    ):
        moved = ask(app, "POST", "/inventory/1/movements", token_of(app), json=SCRAP)
        ask(app, "GET", "/inventory/1")

    assert 201 == moved.status_code
    assert [["/inventory/1"]] == [[event.subject for event in events] for events in heard]


def mounted_at(path: str, app: WSGIApplication) -> WSGIApplication:
    """Return a host that passes everything below *path* to *app*, as WSGI dispatchers do."""

    def host(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(f"{path}/"):
            start_response("404 Not Found", [])
            return []
        inner = environ["PATH_INFO"].removeprefix(path)
        mounted = environ | {"SCRIPT_NAME": environ["SCRIPT_NAME"] + path, "PATH_INFO": inner}
        return app(mounted, start_response)

    return host


def test_a_mounted_application_answers_with_addresses_of_the_host() -> None:
    """
    M7: below a mount, and below a proxy's prefix before it, every address leads back to the shop.
    """
    with (
        furnished(MemoryStore()) as store,
        open_application(Settings.of(root_path="/out"), store=store) as app,
    ):
        host = mounted_at("/garage", app)
        token = token_of(app)
        part = {"name": "Oil", "price": 7}
        made = ask(host, "POST", "/garage/inventory", token, json=part).headers["location"]
        listed = ask(host, "GET", "/garage/inventory").headers["link"]
        refused = ask(host, "GET", "/garage/inventory/99").json
        document = ask(host, "GET", "/garage/openapi.json").json
        outside = [made, refused["type"], *re.findall(r"<(.*?)>", listed)]
        statuses = [ask(host, "GET", path.removeprefix("/out")).status_code for path in outside]

    assert "/out/garage" == document["servers"][0]["url"]
    assert ["/out/garage"] * 3 == [path[: len("/out/garage")] for path in outside]
    assert [200] * 3 == statuses
