"""The document describes the routes of the whole application."""

from collections.abc import Iterator
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from falcon import App, testing
from falcon.inspect import inspect_routes

from mechanic_http.documents.pages import ASSETS
from mechanic_http.openapi import operator_endpoints
from mechanic_http.openapi.document import document
from mechanic_http.routes import ROUTES
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.application import open_application

PAGES_OF_LINKS = {"/a/{link_token}", "/r/{link_token}", "/r/done"}
TOKEN = "operators-" * 4
LOCAL, REMOTE = "127.0.0.1", "203.0.113.7"

CONDITIONS: tuple[dict[str, str], ...] = (
    {},
    {"If-None-Match": "*"},
    {"If-Match": "*"},
    {"If-Match": '"another"'},
    {"If-None-Match": "no tag"},
    {"Accept-Encoding": "gzip"},
    {"Authorization": f"Bearer {TOKEN}"},
)


@pytest.fixture(scope="module", params=[None, TOKEN], ids=["without-token", "with-token"])
def application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WSGIApplication]:
    """The application, with and without an operator's token."""
    url = f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}"
    given = {"database_url": url, "secret_key": "s" * 32, "metrics_token": request.param}
    with open_application(Settings(**given)) as opened:
        yield opened


def test_has_every_route_and_no_other(application: WSGIApplication) -> None:
    """
    The document has exactly the paths of the application's routes.

    Exceptions are aliases of documented routes, the pages of links, and the style sheets, scripts
    and licences of pages: only browsers request those, and they may change with each release.
    """
    aliases = {
        address.replace(":id}", "}")
        for route in ROUTES
        for address in route.templates
        if address.replace(":id}", "}") != route.template
    }
    assert isinstance(application, App)
    routes = {route.path.replace(":id}", "}") for route in inspect_routes(application)}

    assert routes - aliases - {path for path, _ in ASSETS} - PAGES_OF_LINKS == set(
        document()["paths"]
    )


@pytest.mark.parametrize("headers", CONDITIONS, ids=str)
@pytest.mark.parametrize("peer", [LOCAL, REMOTE])
def test_operator_endpoints_respond_as_documented(
    application: WSGIApplication, peer: str, headers: dict[str, str]
) -> None:
    """
    Pages without a use case respond with documented statuses, headers and media types.
    """
    for route in operator_endpoints.ROUTES:
        path = route.template.format(code="insufficient-stock")
        response = testing.simulate_get(
            application, path, headers=headers, extras={"REMOTE_ADDR": peer}
        )
        documented: dict[str, Any] = document()["paths"][route.template]["get"]["responses"]
        expected = documented[str(response.status_code)]
        required = expected.get("headers", {}).keys() - {"Content-Encoding"}

        assert [] == [name for name in required if name not in response.headers], route.template
        if "content" in expected:
            media_type = response.headers["content-type"].partition(";")[0]
            assert {media_type} == set(expected["content"])


def test_metrics_need_the_token(application: WSGIApplication) -> None:
    """
    For remote clients `/metrics` is 401 if a token is configured, else 404.
    """
    statuses = [
        testing.simulate_get(
            application, "/metrics", headers=headers, extras={"REMOTE_ADDR": REMOTE}
        ).status_code
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}"})
    ]

    assert statuses in ([401, 200], [404, 404])
