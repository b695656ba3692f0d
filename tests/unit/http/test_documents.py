"""The documentation over HTTP: Swagger UI, files, and pages about problems."""

import gzip
import hashlib
import re
from importlib.resources import files

import pytest
from falcon import testing

from mechanic_http.documents.pages import ASSETS
from mechanic_http.endpoint.gzip_encoding import accepts_gzip
from mechanic_http.openapi.document import as_json
from tests.unit.http.shop import client

FILES = ("/openapi.json", "/static/swagger.yaml", *(path for path, _ in ASSETS))
STATIC = files("mechanic_http").joinpath("static")


def test_root_redirects_to_the_documentation() -> None:
    """
    The root redirects to the documentation, also below a path prefix.
    """
    plain = client().get("/")
    below = testing.simulate_get(client().app, "/", root_path="/shop")

    assert (303, "/docs") == (plain.status_code, plain.headers["location"])
    assert "/shop/docs" == below.headers["location"]


def test_docs_page_uses_its_own_origin_only() -> None:
    """
    The page refers to no other origin, has no inline script, and its policy allows neither.
    """
    page = client().get("/docs")

    policy = dict(
        part.strip().partition(" ")[::2]
        for part in page.headers["content-security-policy"].split(";")
    )
    assert "text/html; charset=utf-8" == page.headers["content-type"]
    assert ("'none'", "'self'", "'self'", "'self'") == tuple(
        policy[name] for name in ("default-src", "script-src", "style-src", "connect-src")
    )
    assert [] == re.findall(r"(?:https?:)?//\w", page.text)
    assert ["", ""] == re.findall(r"<script[^>]*>(.*?)</script>", page.text, re.DOTALL)


def test_docs_page_finds_its_files() -> None:
    """
    Every file of the page exists and has a media type that browsers accept with `nosniff`.
    """
    line = client()
    paths = re.findall(r'(?:src|href|data-document)="([^"]+)"', line.get("/docs").text)

    media_types = {path: line.get(path).headers["content-type"].partition(";")[0] for path in paths}

    assert {
        "/openapi.json": "application/json",
        "/static/docs.css": "text/css",
        "/static/docs.js": "text/javascript",
        "/static/swagger-ui/favicon-32x32.png": "image/png",
        "/static/swagger-ui/swagger-ui-bundle.js": "text/javascript",
        "/static/swagger-ui/swagger-ui.css": "text/css",
    } == media_types


@pytest.mark.parametrize("path", FILES)
def test_files_are_cached_by_etag(path: str) -> None:
    """
    A file has an ETag, and is not sent to a client that has it; HEAD sends no body.
    """
    line = client()
    first = line.get(path)
    again = line.get(path, If_None_Match=first.headers["etag"])
    head = line.ask("HEAD", path)

    assert (200, 304, b"") == (first.status_code, again.status_code, again.content)
    assert (b"", first.headers["content-length"]) == (head.content, head.headers["content-length"])


def test_files_are_compressed() -> None:
    """
    A large text is sent as gzip to clients that accept it, with a different ETag.
    """
    line = client()
    plain, packed = line.get("/openapi.json"), line.get("/openapi.json", Accept_Encoding="gzip")

    assert as_json() == plain.content == gzip.decompress(packed.content)
    assert "gzip" == packed.headers["content-encoding"]
    assert "Accept-Encoding" in packed.headers["vary"]
    assert plain.headers["etag"] != packed.headers["etag"]
    assert len(packed.content) * 8 < len(plain.content)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("gzip;q=x", False),
    ],
)
def test_parses_accept_encoding(header: str, accepted: bool) -> None:  # noqa: FBT001 - a table's column
    """
    `Accept-Encoding` is parsed with its weights.
    """
    assert accepted is accepts_gzip(header)


def test_swagger_ui_is_unchanged() -> None:
    """
    The files of Swagger UI are, byte by byte, those of its package.
    """
    lines = STATIC.joinpath("swagger-ui", "VERSION").read_text().splitlines()[1:]
    sums = {name: digest for digest, name in (line.split() for line in lines)}

    actual = {
        name: hashlib.sha256(STATIC.joinpath("swagger-ui", name).read_bytes()).hexdigest()
        for name in sums
    }

    assert sums == actual
    assert {path.rpartition("/")[2] for path, _ in ASSETS if "swagger-ui/" in path} == set(sums)


def test_problem_page_explains() -> None:
    """
    The page of a problem has its meaning, advice, an example and the operations that cause it.
    """
    page = client().get("/problems/insufficient-stock")

    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    for text in (
        "409 Conflict",
        "Not enough stock available",
        '"available": 3',
        'href="/docs#/lines/add_part_line"',
    ):
        assert text in page.text
    assert "script" not in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("method-not-allowed", "405 Method Not Allowed"),
        ("internal-server-error", "500 Internal Server Error"),
        ("https-required", "403 Forbidden"),
        ("not-found", "404 Not Found"),
    ],
)
def test_problem_page_explains_general_problems(code: str, status: str) -> None:
    """
    Problems of routing, of HTTPS and of the server itself have a page too.
    """
    assert status in client().get(f"/problems/{code}").text


def test_unknown_problem_is_not_found() -> None:
    """
    An unknown code is itself a problem, which has a page.
    """
    found = client().get("/problems/%3Cscript%3E")

    assert (404, "problem-unexplained") == (found.status_code, found.json["code"])
    assert 200 == client().get(found.json["type"]).status_code
