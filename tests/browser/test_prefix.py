"""The shop under a prefix, behind real proxies: every address works for a client outside."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from attrs import frozen
from selenium.webdriver import Chrome

from mechanic_shop.demo.people import MANAGER, PASSWORD
from tests.browser.proxies import PREFIX, proxy_before
from tests.browser.test_docs_page import Page, console_errors, resource_origins
from tests.integration.programs import PATIENCE_S, serving
from tests.integration.sockets import LOOPBACK

LIST: Final = "#operations-inventory-list_parts"


@frozen
class Answer:
    """An answer as it left the proxy."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.text)


def ask(base: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Return the answer to a request that is sent to the proxy at *base*."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent["Content-Type"] = "application/json"
    with closing(http.client.HTTPConnection(urlsplit(base).netloc, timeout=PATIENCE_S)) as line:
        line.request(method, path, None if body is None else json.dumps(body), sent)
        response = line.getresponse()
        return Answer(response.status, response.headers, response.read().decode())


def token(base: str) -> str:
    """Return the Authorization header of the manager."""
    login = ask(base, "POST", f"{PREFIX}/mechanics/login", {"email": MANAGER, "password": PASSWORD})
    return f"Bearer {login.json['token']}"


@pytest.fixture(
    scope="module",
    params=[("nginx", "header"), ("nginx", "setting"), ("caddy", "header")],
    ids=lambda one: f"{one[0]} by {one[1]}",
)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo shop behind each proxy, which says the prefix, or leaves it to us."""
    kind, by = request.param
    folder = tmp_path_factory.mktemp("shop")
    own = {"TRUSTED_PROXIES": LOOPBACK} if by == "header" else {"ROOT_PATH": PREFIX}
    with (
        serving(folder, "demo", "--port", "0", env=own) as shop,
        proxy_before(shop.port, kind, folder, with_header=by == "header") as address,
    ):
        yield address


def test_every_address_leads_back_through_the_proxy(base: str) -> None:
    """
    M7: the addresses in Location, Link, problem documents and redirects work at the proxy.
    """
    manager = token(base)
    part = {"name": "Oil filter", "price": 7}
    created = ask(base, "POST", f"{PREFIX}/inventory", part, Authorization=manager)
    listed = ask(base, "GET", f"{PREFIX}/inventory?per_page=2&page=2")
    refused = ask(base, "GET", f"{PREFIX}/inventory/999999")
    links = [link.partition(">")[0].lstrip(" <") for link in listed.headers["Link"].split(",")]

    addresses = [created.headers["Location"], *links]
    found = ask(base, "GET", refused.json["type"])

    assert (201, 3) == (created.status, len(links))
    assert [200] * 4 == [ask(base, "GET", address).status for address in addresses]
    assert (200, True) == (found.status, "No such part" in found.text)
    assert f"{PREFIX}/inventory/999999" == refused.json["instance"]
    assert f"{PREFIX}/docs" == ask(base, "GET", f"{PREFIX}/").headers["Location"]


def test_documents_name_the_prefix(base: str) -> None:
    """
    M7: a program that reads the OpenAPI document finds the server.
    """
    document = ask(base, "GET", f"{PREFIX}/openapi.json")
    address = document.json["servers"][0]["url"]

    assert PREFIX == address
    assert 200 == ask(base, "GET", f"{address}/inventory").status
    assert f"- url: {PREFIX}\n" in ask(base, "GET", f"{PREFIX}/static/swagger.yaml").text


def test_a_client_cannot_choose_the_prefix(base: str) -> None:
    """
    M7: the proxy replaces the header of a client, and without a trusted proxy it counts for nothing.
    """
    found = ask(base, "GET", f"{PREFIX}/", X_Forwarded_Prefix="/evil")

    assert f"{PREFIX}/docs" == found.headers["Location"]


def test_docs_page_works_behind_the_proxy(base: str, browser: Chrome, tmp_path: Path) -> None:
    """
    M7: the page loads its files, shows the operations and sends a request, all under the prefix.
    """
    page = Page(browser)

    browser.get(f"{base}/docs")
    page.click(f"{LIST} .opblock-summary-control")
    page.click(f"{LIST} .execute")
    page.see(f"{LIST} .live-responses-table .response-col_status", "200")
    sent = page.see(f"{LIST} .request-url").text
    browser.save_screenshot(str(tmp_path / "docs.png"))

    assert f"{base}/inventory" in sent
    assert [] == console_errors(browser)
    assert {base.removesuffix(PREFIX)} == resource_origins(browser)


def test_problem_page_leads_to_its_operations(base: str, browser: Chrome) -> None:
    """
    M7: the links of a problem page lead to the docs page under the prefix.
    """
    page = Page(browser)

    browser.get(f"{base}/problems/insufficient-stock")
    page.click("li a", "Add a part line")
    page.see("#operations-lines-add_part_line.is-open .opblock-summary-path")

    assert browser.current_url.startswith(f"{base}/docs#/")
    assert {base.removesuffix(PREFIX)} == resource_origins(browser)
