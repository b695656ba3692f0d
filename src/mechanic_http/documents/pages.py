"""The documentation of the API: Swagger UI, the OpenAPI document and pages about problems.

The modules that generate them are imported by the first request that needs them: that takes long,
and most server processes never get such a request.
"""

from html import escape
from typing import Final, final

from attrs import frozen
from falcon import Request, Response

from mechanic_http.context import ShopRequest
from mechanic_http.documents.rendering import INTERACTIVE, READ_ONLY, send_page
from mechanic_http.documents.static_files import StaticFile, packaged_file
from mechanic_http.endpoint.body import JSON

_CSS: Final = "text/css; charset=utf-8"
_SCRIPT: Final = "text/javascript; charset=utf-8"


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

    def on_get(self, req: ShopRequest, resp: Response) -> None:
        """Send the page."""
        send_page(req, resp, "docs.html", INTERACTIVE)

    on_head = on_get


@final
@frozen
class ProblemPage:
    """`GET /problems/{code}`: explains a problem type."""

    def on_get(self, req: ShopRequest, resp: Response, code: str) -> None:
        """Send the page; raise `ProblemUnexplained` for an unknown code."""
        from mechanic_http.documents.problem_explanations import (  # noqa: PLC0415 - slow, rarely needed
            explain,
        )

        problem = explain(code)
        example = escape(problem.example_under(req.root_path), quote=False)
        send_page(req, resp, "problem.html", READ_ONLY, problem=problem, example=example)

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
    ("/static/print.css", StaticFile(_CSS, packaged_file("print.css"))),
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
