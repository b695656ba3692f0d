"""Routes for operators and readers, which have no use case behind them."""

from http import HTTPStatus
from typing import Any, Final

from attrs import frozen

from mechanic_http.endpoint.body import JSON
from mechanic_http.openapi.headers import referred
from mechanic_http.openapi.values import Schema
from mechanic_http.problems.handlers import PROBLEM_JSON

OPERATIONS: Final = "operations"
DOCUMENTS: Final = "documents"

OPERATOR: Final = "operator"
"""The name of the security scheme."""

TAGS: Final = {
    OPERATIONS: "For whoever runs the shop's server.",
    DOCUMENTS: "For whoever reads about the interface.",
}

_HEALTH: Final[Schema] = {
    "type": "object",
    "properties": {"status": {"type": "string", "examples": ["ok"]}},
    "additionalProperties": {"type": "string"},
    "required": ["status"],
}
_TEXT: Final[Schema] = {"type": "string"}
_CODE: Final[Schema] = {
    "name": "code",
    "in": "path",
    "required": True,
    "description": "The `code` of a problem.",
    "schema": {"type": "string", "pattern": "^[a-z0-9-]+$"},
    "example": "insufficient-stock",
}
_ANYTHING: Final[Schema] = {"type": "object"}


@frozen
class Page:
    """One address, what stands there, and as what it is sent."""

    path: str
    operation_id: str
    summary: str
    tag: str
    media_type: str
    schema: Schema
    status: int = 200
    also: tuple[int, ...] = ()
    who: str = "everybody who can reach it"
    security: tuple[Schema, ...] = ()

    @property
    def parameters(self) -> list[Schema]:
        """Return what is in the path."""
        return [_CODE] if "{code}" in self.path else []

    @property
    def operations(self) -> dict[str, Any]:
        """Return what can be done there: to read."""
        answers = {str(self.status): self._success()}
        answers |= {str(status): _REFUSED[status] for status in self.also}
        return {
            "get": {
                "tags": [self.tag],
                "operationId": self.operation_id,
                "summary": self.summary,
                "description": f"{self.summary}. For {self.who}.",
                "security": list(self.security),
                "parameters": list(_CONDITIONS) if self._is_file else [],
                "responses": dict(sorted(answers.items())),
            }
        }

    @property
    def _is_file(self) -> bool:
        """Whether it is sent only to whoever does not have it, and packed."""
        return HTTPStatus.NOT_MODIFIED in self.also

    def _success(self) -> Schema:
        names = ["X-Request-ID"]
        if not self.media_type:
            names.append("Location")
        if self._is_file:
            names += ["ETag", "Vary", "Content-Encoding"]
        told: Schema = {
            "description": "Here it is." if self.media_type else "It is there.",
            "headers": referred(names),
        }
        if self.media_type:
            told["content"] = {self.media_type: {"schema": self.schema}}
        return told


def _problem(description: str, *headers: str) -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "headers": referred(["X-Request-ID", *headers]),
        "content": {PROBLEM_JSON: {"schema": schema}},
    }


_CONDITIONS: Final = ("If-None-Match", "If-Match")
_SENT_ONCE: Final = (304, 400, 412)

_REFUSED: Final = {
    304: {
        "description": "You have it already.",
        "headers": referred(["X-Request-ID", "ETag", "Vary"]),
    },
    400: _problem("A header can't be parsed."),
    401: _problem("Show the operator's token as `Authorization: Bearer`.", "WWW-Authenticate"),
    404: _problem("There is no such page, or not for you."),
    412: _problem("It is no longer what `If-Match` asks for."),
    503: {
        "description": "Not now: requests would fail.",
        "headers": referred(["X-Request-ID"]),
        "content": {JSON: {"schema": _HEALTH}},
    },
}

PAGES: Final = (
    Page("/healthz", "is_alive", "See that the process answers", OPERATIONS, JSON, _HEALTH),
    Page(
        "/readyz",
        "is_ready",
        "See that what requests need is there",
        OPERATIONS,
        JSON,
        _HEALTH,
        also=(503,),
    ),
    Page(
        "/metrics",
        "read_metrics",
        "Read what was counted, as Prometheus has it",
        OPERATIONS,
        "text/plain",
        _TEXT,
        also=(401, 404),
        who="the machine that it runs on, and for whoever shows its operator's `METRICS_TOKEN`. "
        "Without such a token there is no such page for others",
        security=({}, {OPERATOR: []}),
    ),
    Page("/", "find_documents", "Be led to the documents", DOCUMENTS, "", {}, status=303),
    Page("/docs", "read_documents", "Read and try the interface", DOCUMENTS, "text/html", _TEXT),
    Page(
        "/openapi.json",
        "read_openapi",
        "Get this document as JSON",
        DOCUMENTS,
        JSON,
        _ANYTHING,
        also=_SENT_ONCE,
    ),
    Page(
        "/static/swagger.yaml",
        "read_openapi_yaml",
        "Get this document as YAML",
        DOCUMENTS,
        "application/yaml",
        _ANYTHING,
        also=_SENT_ONCE,
    ),
    Page(
        "/problems/{code}",
        "read_problem",
        "Read what a problem means",
        DOCUMENTS,
        "text/html",
        _TEXT,
        also=(404,),
    ),
)
