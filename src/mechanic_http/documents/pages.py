"""The documentation of the API: Swagger UI, the OpenAPI document and pages about problems.

The modules that generate them are imported by the first request that needs them: that takes long,
and most server processes never get such a request.
"""

from html import escape
from typing import Final, final

from attrs import frozen
from falcon import Request, Response

from mechanic_http.documents.static_files import StaticFile, packaged_file
from mechanic_http.endpoint.body import JSON

HTML: Final = "text/html; charset=utf-8"
_CSS: Final = "text/css; charset=utf-8"
_SCRIPT: Final = "text/javascript; charset=utf-8"
_CSP_HEADER: Final = "Content-Security-Policy"
_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_READ_ONLY: Final = f"{_NOTHING}; style-src 'self'"
_INTERACTIVE: Final = (
    f"{_NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
)
"""Swagger UI embeds its images in its style sheet, as `data:`."""

_DOCS: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mechanic Shop API</title>
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
class RootRedirect:
    """`GET /`: redirects to the documentation."""

    def on_get(self, req: Request, resp: Response) -> None:
        """Redirect to `/docs`."""
        resp.status = 303
        resp.set_header("Location", f"{req.root_path}/docs")

    on_head = on_get


@final
@frozen
class SwaggerUiPage:
    """`GET /docs`: Swagger UI, which loads nothing from other origins."""

    def on_get(self, req: Request, resp: Response) -> None:
        """Send the page."""
        _send_page(resp, _INTERACTIVE, _DOCS.format(root=escape(req.root_path)))

    on_head = on_get


@final
@frozen
class ProblemPage:
    """`GET /problems/{code}`: explains a problem type."""

    def on_get(self, req: Request, resp: Response, code: str) -> None:
        """Send the page; raise `ProblemUnexplained` for an unknown code."""
        from mechanic_http.documents.problem_pages import (  # noqa: PLC0415 - slow, rarely needed
            problem_page,
        )

        _send_page(resp, _READ_ONLY, problem_page(code, req.root_path))

    on_head = on_get


def openapi_json() -> bytes:
    """Return the OpenAPI document as JSON."""
    from mechanic_http.openapi.document import as_json  # noqa: PLC0415 - slow, rarely needed

    return as_json()


DOCUMENTS: Final = (
    ("/", RootRedirect()),
    ("/docs", SwaggerUiPage()),
    ("/openapi.json", StaticFile(JSON, openapi_json, root=b'"url": "/"')),
    (
        "/static/swagger.yaml",
        StaticFile("application/yaml", packaged_file("swagger.yaml"), root=b"- url: /\n"),
    ),
    ("/problems/{code}", ProblemPage()),
)

ASSETS: Final = (
    ("/static/pages.css", StaticFile(_CSS, packaged_file("pages.css"))),
    ("/static/docs.css", StaticFile(_CSS, packaged_file("docs.css"))),
    ("/static/docs.js", StaticFile(_SCRIPT, packaged_file("docs.js"))),
    *(
        (f"/static/swagger-ui/{name}", StaticFile(media_type, packaged_file(f"swagger-ui/{name}")))
        for name, media_type in {
            "swagger-ui-bundle.js": _SCRIPT,
            "swagger-ui.css": _CSS,
            "favicon-32x32.png": "image/png",
            "LICENSE": "text/plain; charset=utf-8",
            "NOTICE": "text/plain; charset=utf-8",
            "swagger-ui-bundle.js.LICENSE.txt": "text/plain; charset=utf-8",
        }.items()
    ),
)
"""Style sheets and scripts of the pages; Swagger UI's licence must accompany it."""


def _send_page(resp: Response, policy: str, page: str) -> None:
    resp.content_type = HTML
    resp.set_header(_CSP_HEADER, policy)
    resp.set_header("Cache-Control", "no-cache")
    resp.data = page.encode()
