"""Large responses are compressed for clients that accept gzip, with an entity tag per coding."""

import gzip
from collections.abc import Callable, Hashable

import attrs
import orjson
import pytest
from attrs import define, field
from falcon import testing

from mechanic_core.access import Actor
from mechanic_http.endpoint.gzip_encoding import MIN_SIZE
from mechanic_http.endpoint.response_cache import CachedResponses, GetOrCreate
from tests.shops import MANAGER, MECHANIC
from tests.unit.http.shop import SETTINGS, Client, client

TICKET = "/service_tickets/1"
LIST = "/service_tickets"
SMALL = "/inventory/1"
GZIP = {"Accept-Encoding": "gzip"}


def busy(shop: Client) -> Client:
    """Return *shop* with a ticket whose description and lines make a large response."""
    ticket = shop.premises.open(description="It squeaks. " * 40)
    labor = {"description": "Look at the brakes " * 10, "hours": 1, "rate": 80}
    for _ in range(10):
        made = shop.ask("POST", f"/service_tickets/{ticket.id}/labor", labor, MECHANIC)
        assert 201 == made.status_code
    return shop


def get(shop: Client, path: str, actor: Actor = MANAGER, **headers: str) -> testing.Result:
    """Return the response to a client that accepts gzip."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return shop.ask("GET", path, actor=actor, headers=GZIP | named)


@pytest.mark.parametrize("path", [TICKET, LIST])
def test_compresses_large_responses(path: str) -> None:
    """
    A large response is a fraction of its size as gzip, and equal when decompressed.
    """
    shop = busy(client())
    plain, packed = shop.get(path, MANAGER), get(shop, path)

    assert MIN_SIZE <= len(plain.content)
    assert ("gzip", None) == tuple(r.headers.get("content-encoding") for r in (packed, plain))
    assert plain.content == gzip.decompress(packed.content)
    assert str(len(packed.content)) == packed.headers["content-length"]
    assert len(packed.content) * 4 < len(plain.content)
    assert packed.content == get(shop, path).content


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "identity, gzip;q=0"}])
def test_compresses_only_where_gzip_is_accepted(headers: dict[str, str]) -> None:
    """
    A client that does not accept gzip gets the identity encoding.
    """
    shop = busy(client())

    found = shop.ask("GET", TICKET, actor=MANAGER, headers=headers)

    assert "content-encoding" not in found.headers
    assert 1 == found.json["id"]


def test_does_not_compress_small_responses() -> None:
    """
    A small response is sent as it is, with its plain entity tag.
    """
    shop = client()
    plain, found = shop.get(SMALL), get(shop, SMALL)

    assert plain.content == found.content
    assert "content-encoding" not in found.headers
    assert plain.headers["etag"] == found.headers["etag"]


def test_vary_names_accept_encoding() -> None:
    """
    `Vary` names `Accept-Encoding` on every compressible response, beside the origin.
    """
    shop = busy(client(attrs.evolve(SETTINGS, cors_origins=("https://shop.example",))))
    response = [
        shop.ask("GET", path, actor=MANAGER, headers=headers).headers["vary"]
        for path in (SMALL, TICKET, LIST)
        for headers in ({}, GZIP)
    ]

    assert {"Authorization, Accept, Accept-Encoding, Origin"} == set(response)


def test_does_not_compress_tokens() -> None:
    """
    Secrets are not compressed, and `Vary` does not name `Accept-Encoding`.
    """
    who = {"email": "ada@example.com", "password": "correct horse battery"}

    found = client().ask("POST", "/login", who, headers=GZIP)

    assert (200, "Authorization, Accept") == (found.status_code, found.headers["vary"])


def test_each_coding_has_its_own_etag() -> None:
    """
    The gzip response has another strong tag, and HEAD has the headers of GET.
    """
    shop = busy(client())
    plain, packed = shop.get(TICKET, MANAGER), get(shop, TICKET, X_Request_ID="1")
    head = shop.ask("HEAD", TICKET, actor=MANAGER, headers=GZIP | {"X-Request-ID": "1"})

    assert f'{plain.headers["etag"][:-1]}-gzip"' == packed.headers["etag"]
    assert (packed.headers, b"") == (head.headers, head.content)


@pytest.mark.parametrize("headers", [{}, GZIP])
@pytest.mark.parametrize("weak", ["", "W/"])
def test_either_etag_is_not_modified(headers: dict[str, str], weak: str) -> None:
    """
    A client with either coding gets 304, with the tag that it has.
    """
    shop = busy(client())
    tags = [r.headers["etag"] for r in (shop.get(TICKET, MANAGER), get(shop, TICKET))]

    for tag in tags:
        known = headers | {"If-None-Match": f'"x", {weak}{tag}'}
        found = shop.ask("GET", TICKET, actor=MANAGER, headers=known)
        assert (304, tag, b"") == (found.status_code, found.headers["etag"], found.content)
        assert "content-encoding" not in found.headers
        assert "Accept-Encoding" in found.headers["vary"]


def test_if_match_on_a_read_accepts_either_etag() -> None:
    """
    `If-Match` on a read accepts both tags of the current version, and none of a former one.
    """
    shop = busy(client())
    tags = [r.headers["etag"] for r in (shop.get(TICKET, MANAGER), get(shop, TICKET))]
    read = [get(shop, TICKET, If_Match=tag).status_code for tag in tags]
    shop.ask("PATCH", TICKET, {"service_date": "2026-05-01"}, MECHANIC)
    late = [get(shop, TICKET, If_Match=tag).status_code for tag in tags]

    assert ([200, 200], [412, 412]) == (read, late)


def test_a_change_accepts_the_gzip_etag() -> None:
    """
    A change with the tag of the gzip response is made once; the next one is stale.
    """
    shop = busy(client())
    seen = GZIP | {"If-Match": get(shop, TICKET).headers["etag"]}

    made, stale = (
        shop.ask("PATCH", TICKET, {"service_date": day}, MECHANIC, seen)
        for day in ("2026-05-01", "2026-05-02")
    )

    assert (200, 412) == (made.status_code, stale.status_code)
    assert "2026-05-01" == orjson.loads(gzip.decompress(made.content))["service_date"]
    assert get(shop, TICKET).headers["etag"] == made.headers["etag"]


@define
class FakeCache:
    """A cache that never evicts and records its lookups."""

    stored: dict[Hashable, bytes] = field(factory=dict)
    formats: set[str] = field(factory=set)
    hits: int = 0

    def open(self, name: str, _: tuple[str, ...], format_: str) -> GetOrCreate:
        """Open one cache."""
        self.formats.add(format_)

        def get_or_create(key: Hashable, make: Callable[[], bytes]) -> bytes:
            self.hits += (name, key) in self.stored
            return self.stored.setdefault((name, key), self.stored.get((name, key)) or make())

        return get_or_create


def stocked(cache: FakeCache) -> Client:
    """Return a client of a shop with many parts, whose responses are cached in *cache*."""
    shop = client(intercept=CachedResponses(cache.open))
    for number in range(20):
        part = {"name": f"Brake pad {number}", "price": "19.99", "description": "Ceramic"}
        shop.ask("POST", "/inventory", part, MECHANIC)
    return shop


def test_caches_both_codings_at_once() -> None:
    """
    A response is cached once for both codings; HEAD has the same headers.
    """
    cache = FakeCache()
    shop = stocked(cache)
    path = "/inventory?per_page=20"
    first = get(shop, path, MECHANIC, X_Request_ID="1")
    plain = shop.get(path, MECHANIC)
    again = get(shop, path, MECHANIC, X_Request_ID="1")

    assert (1, 2) == (len(cache.stored), cache.hits)
    assert plain.content == gzip.decompress(first.content)
    assert first.content in next(iter(cache.stored.values()))
    assert (first.headers, first.content) == (again.headers, again.content)


def test_does_not_compress_small_cached_responses() -> None:
    """
    A small response is not compressed in the cache.
    """
    shop = stocked(FakeCache())
    response = [get(shop, SMALL) for _ in range(2)]

    assert [None, None] == [one.headers.get("content-encoding") for one in response]
    assert response[0].content == response[1].content


def test_caches_under_the_format_of_the_release() -> None:
    """
    All caches have one format, a digest of this release's API.
    """
    cache = FakeCache()
    stocked(cache)

    (format_,) = cache.formats
    assert 12 == len(format_)
