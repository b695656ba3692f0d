"""Behind a prefix, every address that is answered begins with it."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
import yaml
from attrs import frozen
from falcon import testing
from hypothesis import given
from hypothesis import strategies as st

from mechanic_http.endpoint.idempotent_replay import IdempotentReplay
from mechanic_http.endpoint.response import first_interceptor
from mechanic_http.endpoint.response_cache import CachedResponses
from mechanic_http.middleware.public_prefix import MAX_LENGTH, read_prefix
from mechanic_http.settings import HttpSettings
from tests.shops import MECHANIC
from tests.unit.http.shop import Client, bearer, client

PROXY = "10.0.0.9"
STRANGER = "192.0.2.7"
SECRET = b"c" * 32
SHOP = {"X-Forwarded-Prefix": "/shop"}


@frozen
class Front:
    """A shop as one server makes it known: its settings and what the server adds to requests."""

    name: str
    prefix: str
    root_path: str = ""
    forwarded: str | None = None
    script_name: str = ""
    peer: str = PROXY


FRONTS = [
    Front("nothing", ""),
    Front("setting", "/shop", root_path="/shop"),
    Front("header", "/shop", forwarded="/shop"),
    Front("header with a slash", "/shop/north", forwarded="/shop/north/"),
    Front("header before setting", "/shop", root_path="/old", forwarded="/shop"),
    Front("header of the root", "", root_path="/old", forwarded="/"),
    Front("nearest of two proxies", "/shop", forwarded="/far, /shop"),
    Front("mount", "/api", script_name="/api"),
    Front("mount behind a setting", "/shop/api", root_path="/shop", script_name="/api"),
    Front("mount behind a header", "/shop/api", forwarded="/shop", script_name="/api"),
    Front("mount by a host that read the header", "/shop/api", "", "/shop", "/shop/api"),
    Front("mount with other letters", "/caf%C3%A9%20%22", script_name='/caf\xc3\xa9 "'),
    Front("mount that looks like a host", "/evil.example", script_name="//evil.example"),
    Front("header of a stranger", "", forwarded="/evil", peer=STRANGER),
    Front("header of a stranger beside a setting", "/shop", "/shop", "/evil", peer=STRANGER),
    Front("malformed header", "/shop", root_path="/shop", forwarded='//evil.example/"x'),
]


@frozen
class Visitor:
    """A client of the shop through a front."""

    shop: Client
    front: Front

    def ask(self, method: str, path: str, **given: Any) -> testing.Result:
        """Return the answer to one request of a mechanic."""
        forwarded = self.front.forwarded
        headers = bearer(MECHANIC) | given.pop("headers", {})
        if forwarded is not None:
            headers["X-Forwarded-Prefix"] = forwarded
        path, _, query = path.partition("?")
        return testing.simulate_request(
            self.shop.app,
            method,
            path,
            query_string=query,
            headers=headers,
            root_path=self.front.script_name or None,
            extras={"REMOTE_ADDR": self.front.peer},
            **given,
        )


def visitor(front: Front, **ports: Any) -> Visitor:
    """Return a client of a new shop through *front*."""
    settings = HttpSettings(
        cursor_secret=SECRET, trusted_proxies=(PROXY,), root_path=front.root_path
    )
    return Visitor(client(settings, **ports), front)


@pytest.fixture(params=FRONTS, ids=lambda front: str(front.name))
def behind(request: pytest.FixtureRequest) -> Visitor:
    """A client of a shop through each front."""
    return visitor(request.param)


def test_every_address_has_the_prefix(behind: Visitor) -> None:
    """
    M7: Location, Link, problem documents and redirects begin with the prefix, and only once.
    """
    prefix, part = behind.front.prefix, {"name": "Oil", "price": 7}

    created = behind.ask("POST", "/inventory", json=part)
    listed = behind.ask("GET", "/inventory?page=2&per_page=1")
    missing = behind.ask("GET", "/inventory/99")
    unknown = behind.ask("GET", "/nowhere/ü")
    root = behind.ask("GET", "/")

    assert f"{prefix}/inventory/2" == created.headers["location"]
    assert [
        f"{prefix}/inventory?per_page=1",
        f"{prefix}/inventory?per_page=1&page=1",
    ] == re.findall(r"<(.*?)>", listed.headers["link"])
    assert (f"{prefix}/problems/part-not-found", f"{prefix}/inventory/99") == (
        missing.json["type"],
        missing.json["instance"],
    )
    assert (f"{prefix}/problems/not-found", f"{prefix}/nowhere/%C3%BC") == (
        unknown.json["type"],
        unknown.json["instance"],
    )
    assert f"{prefix}/docs" == root.headers["location"]


def test_links_to_choose_a_password_have_the_prefix(behind: Visitor) -> None:
    """
    M7: without `PUBLIC_URL` the address of a link is a path below the prefix, and leads to its page.
    """
    prefix = behind.front.prefix

    issued = behind.ask("POST", "/customers/1/password_resets").json

    assert f"{prefix}/r/{issued['token']}" == issued["url"]
    page = behind.ask("GET", issued["url"].removeprefix(prefix))
    assert 200 == page.status_code
    assert f'href="{prefix}/static/pages.css"' in page.text


def test_pages_and_documents_have_the_prefix(behind: Visitor) -> None:
    """
    M7: the docs page, its assets, the problem pages and the OpenAPI `servers` have the prefix.
    """
    prefix = behind.front.prefix
    docs = behind.ask("GET", "/docs").text
    page = behind.ask("GET", "/problems/insufficient-stock").text
    documents = [
        behind.ask("GET", "/openapi.json").json,
        yaml.load(behind.ask("GET", "/static/swagger.yaml").content, yaml.CSafeLoader),
    ]

    addresses = re.findall(r'(?:src|href|data-document)="([^"]+)"', docs + page)
    assert [] == [one for one in addresses if not one.startswith(f"{prefix}/")]
    assert {200} == {
        behind.ask("GET", one.removeprefix(prefix).partition("#")[0]).status_code
        for one in addresses
    }
    assert f'"type": "{prefix}/problems/insufficient-stock"' in page
    assert [prefix or "/"] * 2 == [one["servers"][0]["url"] for one in documents]
    assert documents[0] == documents[1]


def test_only_trusted_proxies_set_the_prefix() -> None:
    """
    M7: a stranger's header changes nothing, also when no proxy is trusted at all.
    """
    for trusted in ((), (PROXY,)):
        shop = client(HttpSettings(cursor_secret=SECRET, trusted_proxies=trusted))
        found = testing.simulate_get(shop.app, "/", headers=SHOP, extras={"REMOTE_ADDR": STRANGER})

        assert "/docs" == found.headers["location"]


def test_says_that_the_proxy_must_remove_the_prefix() -> None:
    """
    M7: a path that has the prefix is 404, and the answer says whose mistake it is.
    """
    found = visitor(Front("", "/shop", root_path="/shop")).ask("GET", "/shop/inventory")

    assert (404, "the proxy must remove /shop from the path") == (
        found.status_code,
        found.json["detail"],
    )


def test_the_response_cache_does_not_mix_prefixes() -> None:
    """
    M7: a cached list has the links of the prefix that it was asked under.
    """
    cached: dict[Any, bytes] = {}

    def get_or_create(key: Any, create: Any) -> bytes:
        if key not in cached:
            cached[key] = create()
        return cached[key]

    shop = visitor(FRONTS[0], intercept=CachedResponses(lambda *_: get_or_create)).shop
    links = [
        Visitor(shop, Front("", "", forwarded=prefix)).ask("GET", "/inventory").headers["link"]
        for prefix in ("/a", "/b", "/a", "/")
    ]

    assert [f'<{prefix}/inventory>; rel="first"' for prefix in ("/a", "/b", "/a", "")] == links
    assert 3 == len(cached)


def test_shared_caches_do_not_mix_prefixes() -> None:
    """
    M7: a cache must ask again for a document with addresses, and its tag is that of one prefix.
    """
    shop = visitor(FRONTS[0]).shop
    found: dict[str, Mapping[str, str]] = {
        prefix: Visitor(shop, Front("", "", forwarded=prefix)).ask("GET", "/openapi.json").headers
        for prefix in ("/", "/a", "/b")
    }
    again = Visitor(shop, Front("", "", forwarded="/a")).ask(
        "GET", "/openapi.json", headers={"If-None-Match": found["/b"]["etag"]}
    )

    assert {"no-cache"} == {headers["cache-control"] for headers in found.values()}
    assert 3 == len({headers["etag"] for headers in found.values()})
    assert (200, found["/a"]["etag"]) == (again.status_code, again.headers["etag"])


def test_a_repeated_request_gets_the_address_of_its_own_prefix() -> None:
    """
    M7: a stored answer has no prefix: the request may be repeated under another one.
    """
    key = {"Idempotency-Key": "k"}
    shop = client(
        HttpSettings(cursor_secret=SECRET, trusted_proxies=(PROXY,)),
    ).premises
    replay = IdempotentReplay(shop.store.begin, shop.clock, SECRET)
    behind = visitor(FRONTS[0], intercept=first_interceptor(replay))

    part = {"name": "Oil", "price": 7}
    locations = [
        Visitor(behind.shop, Front("", "", forwarded=prefix))
        .ask("POST", "/inventory", json=part, headers=key)
        .headers["location"]
        for prefix in ("/a", "/b", "/")
    ]

    assert ["/a/inventory/2", "/b/inventory/2", "/inventory/2"] == locations


@pytest.mark.parametrize(
    "text",
    [
        *("shop", "//shop", "/shop//north", "/shop/..", "/./shop", "/shop/../x", "/..", "/."),
        *(
            "/sh op",
            '/"',
            "/<b>",
            "/a?b",
            "/a#b",
            "/a%2Fb",
            "/a\\b",
            "/ü",
            "/\x00",
            "/a\r\nb",
            "/a\n",
        ),
        *("https://evil.example", "/" + "a" * MAX_LENGTH, ","),
    ],
)
def test_refuses_what_is_no_prefix(text: str) -> None:
    """
    M7: a prefix is a short path of plain segments.
    """
    with pytest.raises(ValueError, match=re.escape(text)):
        read_prefix(text)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("", ""), ("/", ""), ("/shop/", "/shop"), ("/a.b/..c/~d_e-f", "/a.b/..c/~d_e-f")],
)
def test_reads_a_prefix(text: str, prefix: str) -> None:
    """
    M7: a final slash is no part of the prefix.
    """
    assert prefix == read_prefix(text)


@given(st.text('/.ab~%"<\\ \n', max_size=8))
def test_a_prefix_is_the_same_in_every_language(text: str) -> None:
    """
    M7: what is accepted is one path on this host, without characters that JSON or HTML escape.
    """
    try:
        prefix = read_prefix(text)
    except ValueError:
        return
    assert orjson.dumps(prefix).decode() == f'"{prefix}"'
    assert not prefix or re.fullmatch(r"(/(?!\.\.?(/|$))[.ab~]+)+", prefix)
