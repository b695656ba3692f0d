"""Documents about the shop's interface: for people, for programs, and for what went wrong.

What makes them is imported when one is first asked for: it is long, and most processes never are.
"""

from html import escape
from importlib import import_module
from typing import Final, final

from attrs import frozen
from falcon import Request, Response

from mechanic_http.documents.static_files import StaticItem, packaged
from mechanic_http.endpoint.body import JSON

HTML: Final = "text/html; charset=utf-8"
_CSS: Final = "text/css; charset=utf-8"
_SCRIPT: Final = "text/javascript; charset=utf-8"
_POLICY: Final = "Content-Security-Policy"
_CLOSED: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_READ_ONLY: Final = f"{_CLOSED}; style-src 'self'"
_INTERACTIVE: Final = (
    f"{_CLOSED}; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
)
"""Swagger UI brings its images along in its style sheet, as `data:`."""

_DOCS: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mechanic Shop: the interface</title>
<link rel="icon" type="image/png" href="{root}/static/swagger-ui/favicon-32x32.png">
<link rel="stylesheet" href="{root}/static/swagger-ui/swagger-ui.css">
<link rel="stylesheet" href="{root}/static/docs.css">
<div id="swagger-ui" data-document="{root}/openapi.json"></div>
<script src="{root}/static/swagger-ui/swagger-ui-bundle.js"></script>
<script src="{root}/static/docs.js"></script>
</html>
"""


@final
@frozen
class Entrance:
    """`GET /`: where a person is led to the documents."""

    def on_get(self, req: Request, resp: Response) -> None:
        """Show the way."""
        resp.status = 303
        resp.set_header("Location", f"{req.root_path}/docs")

    on_head = on_get


@final
@frozen
class DocumentsPage:
    """`GET /docs`: Swagger UI on our own document, with nothing from elsewhere."""

    def on_get(self, req: Request, resp: Response) -> None:
        """Send the page."""
        _page(resp, _INTERACTIVE, _DOCS.format(root=escape(req.root_path)))

    on_head = on_get


@final
@frozen
class ProblemPage:
    """`GET /problems/{code}`: what a refusal means, and what to do about it."""

    def on_get(self, req: Request, resp: Response, code: str) -> None:
        """Explain it; raise `ProblemUnexplained` for what is never answered."""
        page: str = import_module("mechanic_http.documents.problem_pages").page(code, req.root_path)
        _page(resp, _READ_ONLY, page)

    on_head = on_get


def described() -> bytes:
    """Return the OpenAPI document as JSON."""
    document: bytes = import_module("mechanic_http.openapi.document").as_json()
    return document


DOCUMENTS: Final = (
    ("/", Entrance()),
    ("/docs", DocumentsPage()),
    ("/openapi.json", StaticItem(JSON, described)),
    ("/static/swagger.yaml", StaticItem("application/yaml", packaged("swagger.yaml"))),
    ("/problems/{code}", ProblemPage()),
)

ASSETS: Final = (
    ("/static/pages.css", StaticItem(_CSS, packaged("pages.css"))),
    ("/static/docs.css", StaticItem(_CSS, packaged("docs.css"))),
    ("/static/docs.js", StaticItem(_SCRIPT, packaged("docs.js"))),
    *(
        (f"/static/swagger-ui/{name}", StaticItem(kind, packaged(f"swagger-ui/{name}")))
        for name, kind in {
            "swagger-ui-bundle.js": _SCRIPT,
            "swagger-ui.css": _CSS,
            "favicon-32x32.png": "image/png",
            "LICENSE": "text/plain; charset=utf-8",
            "NOTICE": "text/plain; charset=utf-8",
            "swagger-ui-bundle.js.LICENSE.txt": "text/plain; charset=utf-8",
        }.items()
    ),
)
"""What the pages are made of; Swagger UI's licence goes where it goes."""


def _page(resp: Response, policy: str, page: str) -> None:
    resp.content_type = HTML
    resp.set_header(_POLICY, policy)
    resp.set_header("Cache-Control", "no-cache")
    resp.data = page.encode()
