"""OpenTelemetry traces: one span for each request. Imported only where they are asked for."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, final
from wsgiref.types import StartResponse, WSGIApplication

from attrs import frozen
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
)
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, get_current_span

from mechanic_http.ports import AccessLog, AccessLogEntry

OURS: Final = "mechanic-shop"
_SERVER_ERROR: Final = 500


@final
@frozen
class Tracing:
    """Opens a span around each request, and names it once the request is known."""

    _tracer: Tracer

    def around(self, application: WSGIApplication) -> WSGIApplication:
        """Return *application* with a span around each request, the child of the caller's."""

        def traced(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            method: str = environ["REQUEST_METHOD"]
            caller = extract(_headers_of(environ))
            with self._tracer.start_as_current_span(method, context=caller, kind=SpanKind.SERVER):
                return application(environ, start_response)

        return traced

    def naming(self, log: AccessLog | None) -> AccessLog:
        """Return what tells the span what a request was, and then *log*."""

        def name(line: AccessLogEntry) -> None:
            span = get_current_span()
            span.update_name(f"{line.method} {line.route}" if line.route else line.method)
            span.set_attributes(_told_of(line))
            if line.status >= _SERVER_ERROR:
                span.set_status(Status(StatusCode.ERROR))
            if log:
                log(line)

        return name


@contextmanager
def open_tracing(exporter: str) -> Iterator[Tracing]:
    """Give what traces; spans that are left are sent in the end.

    The library itself reads the variables of the environment: where to, how many, in which name.
    """
    exports = ConsoleSpanExporter() if exporter == "console" else OTLPSpanExporter()
    with provided(exports, at_once=exporter == "console") as tracing:
        yield tracing


@contextmanager
def provided(exports: SpanExporter, *, at_once: bool) -> Iterator[Tracing]:
    """Give what traces to *exports*, each span *at_once* or many together."""
    resource = Resource({SERVICE_NAME: OURS}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    processor = SimpleSpanProcessor(exports) if at_once else BatchSpanProcessor(exports)
    provider.add_span_processor(processor)
    try:
        yield Tracing(provider.get_tracer(OURS))
    finally:
        provider.shutdown()


def _headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that carry a trace, by the names that propagators know."""
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


def _told_of(line: AccessLogEntry) -> dict[str, str | int]:
    """Return the attributes of the semantic conventions, and a few of our own."""
    told = {
        "http.request.method": line.method if line.method != "OTHER" else "_OTHER",
        "http.route": line.route,
        "http.response.status_code": line.status,
        "error.type": str(line.status) if line.status >= _SERVER_ERROR else None,
        "shop.operation": line.operation_id,
        "shop.problem": line.problem,
        "shop.request_id": line.request_id,
        "shop.role": line.role and str(line.role),
        "shop.statements": line.statements,
    }
    return {name: value for name, value in told.items() if value is not None}
