"""Large answers are packed for whoever takes gzip, each coding under a tag of its own."""

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


def busy(line: Client) -> Client:
    """Return *line* with a ticket whose description and lines make a large answer."""
    ticket = line.premises.open(description="It squeaks. " * 40)
    labor = {"description": "Look at the brakes " * 10, "hours": 1, "rate": 80}
    for _ in range(10):
        made = line.ask("POST", f"/service_tickets/{ticket.id}/labor", labor, MECHANIC)
        assert 201 == made.status_code
    return line


def get(line: Client, path: str, actor: Actor = MANAGER, **headers: str) -> testing.Result:
    """Return an answer to somebody who takes gzip."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return line.ask("GET", path, actor=actor, headers=GZIP | named)


@pytest.mark.parametrize("path", [TICKET, LIST])
def test_packs_what_is_large(path: str) -> None:
    """
    A large answer is a fraction of its size packed, and the same when it is unpacked.
    """
    line = busy(client())
    plain, packed = line.get(path, MANAGER), get(line, path)

    assert MIN_SIZE <= len(plain.content)
    assert ("gzip", None) == tuple(r.headers.get("content-encoding") for r in (packed, plain))
    assert plain.content == gzip.decompress(packed.content)
    assert str(len(packed.content)) == packed.headers["content-length"]
    assert len(packed.content) * 4 < len(plain.content)
    assert packed.content == get(line, path).content


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "identity, gzip;q=0"}])
def test_packs_for_nobody_else(headers: dict[str, str]) -> None:
    """
    Who says nothing of gzip, or does not want it, gets the answer as it is.
    """
    line = busy(client())

    found = line.ask("GET", TICKET, actor=MANAGER, headers=headers)

    assert "content-encoding" not in found.headers
    assert 1 == found.json["id"]


def test_leaves_small_answers_alone() -> None:
    """
    What is small goes as it is, under its plain tag.
    """
    line = client()
    plain, found = line.get(SMALL), get(line, SMALL)

    assert plain.content == found.content
    assert "content-encoding" not in found.headers
    assert plain.headers["etag"] == found.headers["etag"]


def test_says_what_the_answer_depends_on() -> None:
    """
    `Vary` names `Accept-Encoding` on all that may be packed, whoever asks, beside the origin.
    """
    line = busy(client(attrs.evolve(SETTINGS, cors_origins=("https://shop.example",))))
    told = [
        line.ask("GET", path, actor=MANAGER, headers=headers).headers["vary"]
        for path in (SMALL, TICKET, LIST)
        for headers in ({}, GZIP)
    ]

    assert {"Authorization, Accept, Accept-Encoding, Origin"} == set(told)


def test_never_packs_tokens() -> None:
    """
    Secrets go as they are, and `Vary` does not say otherwise.
    """
    who = {"email": "ada@example.com", "password": "correct horse battery"}

    found = client().ask("POST", "/login", who, headers=GZIP)

    assert (200, "Authorization, Accept") == (found.status_code, found.headers["vary"])


def test_has_a_tag_for_each_coding() -> None:
    """
    Other bytes have another strong tag, and HEAD tells the same as GET.
    """
    line = busy(client())
    plain, packed = line.get(TICKET, MANAGER), get(line, TICKET, X_Request_ID="1")
    head = line.ask("HEAD", TICKET, actor=MANAGER, headers=GZIP | {"X-Request-ID": "1"})

    assert f'{plain.headers["etag"][:-1]}-gzip"' == packed.headers["etag"]
    assert (packed.headers, b"") == (head.headers, head.content)


@pytest.mark.parametrize("headers", [{}, GZIP])
@pytest.mark.parametrize("weak", ["", "W/"])
def test_knows_both_tags(headers: dict[str, str], weak: str) -> None:
    """
    Whoever has the answer in either coding gets 304, with the tag of what they have.
    """
    line = busy(client())
    tags = [r.headers["etag"] for r in (line.get(TICKET, MANAGER), get(line, TICKET))]

    for tag in tags:
        known = headers | {"If-None-Match": f'"x", {weak}{tag}'}
        found = line.ask("GET", TICKET, actor=MANAGER, headers=known)
        assert (304, tag, b"") == (found.status_code, found.headers["etag"], found.content)
        assert "content-encoding" not in found.headers
        assert "Accept-Encoding" in found.headers["vary"]


def test_reads_for_either_tag() -> None:
    """
    `If-Match` on a read takes both tags of the present version, and none of a former one.
    """
    line = busy(client())
    tags = [r.headers["etag"] for r in (line.get(TICKET, MANAGER), get(line, TICKET))]
    read = [get(line, TICKET, If_Match=tag).status_code for tag in tags]
    line.ask("PATCH", TICKET, {"service_date": "2026-05-01"}, MECHANIC)
    late = [get(line, TICKET, If_Match=tag).status_code for tag in tags]

    assert ([200, 200], [412, 412]) == (read, late)


def test_changes_by_the_packed_tag() -> None:
    """
    A change is made under the tag of the packed answer, once; the next one finds it stale.
    """
    line = busy(client())
    seen = GZIP | {"If-Match": get(line, TICKET).headers["etag"]}

    made, stale = (
        line.ask("PATCH", TICKET, {"service_date": day}, MECHANIC, seen)
        for day in ("2026-05-01", "2026-05-02")
    )

    assert (200, 412) == (made.status_code, stale.status_code)
    assert "2026-05-01" == orjson.loads(gzip.decompress(made.content))["service_date"]
    assert get(line, TICKET).headers["etag"] == made.headers["etag"]


@define
class Shelf:
    """Keeps answers for ever, and all that it was asked for."""

    kept: dict[Hashable, bytes] = field(factory=dict)
    forms: set[str] = field(factory=set)
    hits: int = 0

    def remember(self, name: str, _: tuple[str, ...], form: str) -> GetOrCreate:
        """Return what keeps one kind."""
        self.forms.add(form)

        def recall(key: Hashable, make: Callable[[], bytes]) -> bytes:
            self.hits += (name, key) in self.kept
            return self.kept.setdefault((name, key), self.kept.get((name, key)) or make())

        return recall


def stocked(shelf: Shelf) -> Client:
    """Return a client of a shop with many parts, whose answers are kept on *shelf*."""
    line = client(intercept=CachedResponses(shelf.remember))
    for number in range(20):
        part = {"name": f"Brake pad {number}", "price": "19.99", "description": "Ceramic"}
        line.ask("POST", "/inventory", part, MECHANIC)
    return line


def test_keeps_an_answer_in_both_codings() -> None:
    """
    What is kept is kept once, packed and plain; a hit gives either, and HEAD of it the same.
    """
    shelf = Shelf()
    line = stocked(shelf)
    path = "/inventory?per_page=20"
    first = get(line, path, X_Request_ID="1")
    plain = line.get(path, MANAGER)
    again = get(line, path, X_Request_ID="1")

    assert (1, 2) == (len(shelf.kept), shelf.hits)
    assert plain.content == gzip.decompress(first.content)
    assert first.content in next(iter(shelf.kept.values()))
    assert (first.headers, first.content) == (again.headers, again.content)


def test_keeps_small_answers_as_they_are() -> None:
    """
    A kept answer that is small is never packed.
    """
    line = stocked(Shelf())
    told = [get(line, SMALL) for _ in range(2)]

    assert [None, None] == [one.headers.get("content-encoding") for one in told]
    assert told[0].content == told[1].content


def test_keeps_answers_under_the_form_of_the_release() -> None:
    """
    All kinds are of one form, which stands for this release's interface.
    """
    shelf = Shelf()
    stocked(shelf)

    (form,) = shelf.forms
    assert 12 == len(form)
