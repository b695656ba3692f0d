"""The document against the whole application, as it is served."""

from collections.abc import Iterator
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from falcon import App, testing
from falcon.inspect import inspect_routes

from mechanic_http.documents.pages import ASSETS
from mechanic_http.openapi.document import document
from mechanic_http.openapi.infrastructure import PAGES
from mechanic_http.routes import DOCUMENTED
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.application import open_application

TOKEN = "operators-" * 4
HERE, FAR = "127.0.0.1", "203.0.113.7"

CONDITIONS: tuple[dict[str, str], ...] = (
    {},
    {"If-None-Match": "*"},
    {"If-Match": "*"},
    {"If-Match": '"another"'},
    {"If-None-Match": "no tag"},
    {"Accept-Encoding": "gzip"},
    {"Authorization": f"Bearer {TOKEN}"},
)


@pytest.fixture(scope="module", params=[None, TOKEN], ids=["tokenless", "token"])
def application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WSGIApplication]:
    """The application, without a token for operators and with one."""
    url = f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}"
    given = {"database_url": url, "secret_key": "s" * 32, "metrics_token": request.param}
    with open_application(Settings(**given)) as opened:
        yield opened


def test_has_every_route_and_no_other(application: WSGIApplication) -> None:
    """
    The document's paths are the application's routes, both ways.

    Left out are aliases, which are the same routes under another name, and the style sheets,
    scripts and licences that the pages are made of: nobody calls those but a browser that reads
    such a page, and they may change from release to release.
    """
    aliases = {
        address.replace(":id}", "}")
        for route in DOCUMENTED
        for address in route.templates
        if address.replace(":id}", "}") != route.template
    }
    assert isinstance(application, App)
    routes = {route.path.replace(":id}", "}") for route in inspect_routes(application)}

    assert routes - aliases - {path for path, _ in ASSETS} == set(document()["paths"])


@pytest.mark.parametrize("headers", CONDITIONS, ids=str)
@pytest.mark.parametrize("peer", [HERE, FAR])
def test_operators_pages_answer_as_documented(
    application: WSGIApplication, peer: str, headers: dict[str, str]
) -> None:
    """
    What has no use case behind it keeps to the document too: its status, headers and kind.
    """
    for page in PAGES:
        path = page.path.format(code="insufficient-stock")
        found = testing.simulate_get(
            application, path, headers=headers, extras={"REMOTE_ADDR": peer}
        )
        told: dict[str, Any] = document()["paths"][page.path]["get"]["responses"]
        answer = told[str(found.status_code)]
        needed = answer.get("headers", {}).keys() - {"Content-Encoding"}

        assert [] == [name for name in needed if name not in found.headers], page.path
        if "content" in answer:
            kind = found.headers["content-type"].partition(";")[0]
            assert {kind} == set(answer["content"])


def test_figures_are_refused_as_documented(application: WSGIApplication) -> None:
    """
    Far away `/metrics` is 401 where there is a token to show, and else 404.
    """
    told = [
        testing.simulate_get(
            application, "/metrics", headers=headers, extras={"REMOTE_ADDR": FAR}
        ).status_code
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}"})
    ]

    assert told in ([401, 200], [404, 404])
