"""Traces by the OpenTelemetry SDK: one span for each request. Imported only if enabled."""

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

SERVICE: Final = "mechanic-shop"
_SERVER_ERROR: Final = 500

_MAX_HEADER: Final = 512
"""The longest header that is read: the most for `traceparent` and `tracestate`.

`baggage` may be longer, but is not used; the time of its parser grows with the square of blanks.
"""


@final
@frozen
class OpenTelemetryTraces:
    """Wraps each request in a span, and describes the span once the route is known."""

    _tracer: Tracer

    def wrap(self, application: WSGIApplication) -> WSGIApplication:
        """Return *application* with a span around each request, a child of the client's span."""

        def traced(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            method: str = environ["REQUEST_METHOD"]
            parent = extract(_headers_of(environ))
            with self._tracer.start_as_current_span(method, context=parent, kind=SpanKind.SERVER):
                return application(environ, start_response)

        return traced

    def describe_spans(self, log: AccessLog | None) -> AccessLog:
        """Return an access log that describes each span before it is passed on to *log*."""

        def describe(line: AccessLogEntry) -> None:
            span = get_current_span()
            span.update_name(f"{line.method} {line.route}" if line.route else line.method)
            span.set_attributes(_attributes(line))
            if line.status >= _SERVER_ERROR:
                span.set_status(Status(StatusCode.ERROR))
            if log:
                log(line)

        return describe


@contextmanager
def open_exporter(exporter: str) -> Iterator[OpenTelemetryTraces]:
    """Open the ``console`` or ``otlp`` exporter; flush its spans on exit.

    The SDK itself reads its variables for endpoint, sampling and service name.
    """
    span_exporter = ConsoleSpanExporter() if exporter == "console" else OTLPSpanExporter()
    with open_provider(span_exporter, batch=exporter != "console") as traces:
        yield traces


@contextmanager
def open_provider(span_exporter: SpanExporter, *, batch: bool) -> Iterator[OpenTelemetryTraces]:
    """Open traces that go to *span_exporter*, in batches or one by one."""
    resource = Resource({SERVICE_NAME: SERVICE}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    processor = BatchSpanProcessor(span_exporter) if batch else SimpleSpanProcessor(span_exporter)
    provider.add_span_processor(processor)
    try:
        yield OpenTelemetryTraces(provider.get_tracer(SERVICE))
    finally:
        provider.shutdown()


def _headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the request's short headers by the lower-case names that propagators read."""
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and len(value) <= _MAX_HEADER
    }


def _attributes(line: AccessLogEntry) -> dict[str, str | int]:
    """Return attributes of the HTTP semantic conventions, and some of the shop's own."""
    attributes = {
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
    return {name: value for name, value in attributes.items() if value is not None}
