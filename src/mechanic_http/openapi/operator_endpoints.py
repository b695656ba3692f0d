"""Operations without a use case: health checks, metrics and the documentation itself."""

from http import HTTPStatus
from typing import Any, Final

from attrs import frozen

from mechanic_http.endpoint.body import JSON
from mechanic_http.openapi.headers import references
from mechanic_http.openapi.operations import NOT_MODIFIED
from mechanic_http.openapi.parameters import CONDITIONS
from mechanic_http.openapi.value_schemas import Schema
from mechanic_http.problems.handlers import PROBLEM_JSON

OPERATIONS_TAG: Final = "operations"
DOCUMENTS_TAG: Final = "documents"

OPERATOR: Final = "operator"
"""The name of the security scheme."""

TAGS: Final = {
    OPERATIONS_TAG: "Health checks and metrics, for the operator of the server.",
    DOCUMENTS_TAG: "The documentation of this API.",
}

_HEALTH: Final[Schema] = {
    "type": "object",
    "properties": {"status": {"type": "string", "examples": ["ok"]}},
    "additionalProperties": {"type": "string"},
    "required": ["status"],
}
_TEXT: Final[Schema] = {"type": "string"}
_OBJECT: Final[Schema] = {"type": "object"}
_CODE: Final[Schema] = {
    "name": "code",
    "in": "path",
    "description": "The `code` of a problem.",
    "schema": {"type": "string", "pattern": "^[a-z0-9-]+$"},
    "example": "insufficient-stock",
}


@frozen
class GetRoute:
    """A route with a GET operation only; *errors* are its other statuses."""

    template: str
    operation_id: str
    summary: str
    tag: str
    media_type: str
    schema: Schema
    status: int = 200
    errors: tuple[int, ...] = ()
    access: str = "public"
    security: tuple[Schema, ...] = ()

    @property
    def parameters(self) -> list[Schema]:
        """Return the parameters in the path."""
        return [_CODE] if "{code}" in self.template else []

    @property
    def operations(self) -> dict[str, Any]:
        """Return the operations by method."""
        responses = {self.status: self._success()}
        errors = (*self.errors, 429) if self._is_limited else self.errors
        responses |= {status: _ERRORS[status] for status in errors}
        return {
            "get": {
                "tags": [self.tag],
                "operationId": self.operation_id,
                "summary": self.summary,
                "description": f"{self.summary}.\n\n**Access:** {self.access}.",
                "security": list(self.security),
                "parameters": list(CONDITIONS) if self._is_file else [],
                "responses": {str(status): responses[status] for status in sorted(responses)},
            }
        }

    @property
    def _is_limited(self) -> bool:
        """Whether requests are counted; probes never are."""
        return self.tag == DOCUMENTS_TAG

    @property
    def _is_file(self) -> bool:
        """Whether the response has an ETag and may be compressed."""
        return HTTPStatus.NOT_MODIFIED in self.errors

    def _success(self) -> Schema:
        names = ["X-Request-ID", *(_LIMITS if self._is_limited else ())]
        if not self.media_type:
            names.append("Location")
        if self._is_file:
            names += ["ETag", "Vary", "Content-Encoding"]
        response: Schema = {
            "description": "The request succeeded." if self.media_type else "See `Location`.",
            "headers": references(*names),
        }
        if self.media_type:
            response["content"] = {self.media_type: {"schema": self.schema}}
        return response


def _problem(description: str, *headers: str) -> Schema:
    return {
        "description": description,
        "headers": references("X-Request-ID", *headers),
        "content": {PROBLEM_JSON: {"schema": "Problem"}},
    }


_LIMITS: Final = ("RateLimit-Policy", "RateLimit")
_ERRORS: Final = {
    304: {"description": NOT_MODIFIED, "headers": references("X-Request-ID", "ETag", "Vary")},
    400: _problem("A header is malformed."),
    401: _problem("Send the operator's token as `Authorization: Bearer`.", "WWW-Authenticate"),
    404: _problem("There is no such page, or access to it is denied."),
    412: _problem("The `ETag` does not match `If-Match`."),
    429: _problem("The rate limit is exceeded.", "Retry-After", *_LIMITS),
    503: {
        "description": "The server is not ready for requests.",
        "headers": references("X-Request-ID"),
        "content": {JSON: {"schema": _HEALTH}},
    },
}
_CONDITIONAL: Final = (304, 400, 412)

ROUTES: Final = (
    GetRoute(
        "/healthz", "is_alive", "Check that the process is alive", OPERATIONS_TAG, JSON, _HEALTH
    ),
    GetRoute(
        "/readyz",
        "is_ready",
        "Check that the server is ready for requests",
        OPERATIONS_TAG,
        JSON,
        _HEALTH,
        errors=(503,),
    ),
    GetRoute(
        "/metrics",
        "read_metrics",
        "Get metrics in the Prometheus format",
        OPERATIONS_TAG,
        "text/plain",
        _TEXT,
        errors=(401, 404),
        access="requests from the server's own machine; others with the server's `METRICS_TOKEN`, "
        "if one is configured (404 otherwise)",
        security=({}, {OPERATOR: []}),
    ),
    GetRoute(
        "/", "find_documents", "Redirect to the documentation", DOCUMENTS_TAG, "", {}, status=303
    ),
    GetRoute("/docs", "read_documents", "Read and try this API", DOCUMENTS_TAG, "text/html", _TEXT),
    GetRoute(
        "/openapi.json",
        "read_openapi",
        "Get this document as JSON",
        DOCUMENTS_TAG,
        JSON,
        _OBJECT,
        errors=_CONDITIONAL,
    ),
    GetRoute(
        "/static/swagger.yaml",
        "read_openapi_yaml",
        "Get this document as YAML",
        DOCUMENTS_TAG,
        "application/yaml",
        _OBJECT,
        errors=_CONDITIONAL,
    ),
    GetRoute(
        "/problems/{code}",
        "read_problem",
        "Read the explanation of a problem",
        DOCUMENTS_TAG,
        "text/html",
        _TEXT,
        errors=(404,),
    ),
)
