"""OpenTelemetry traces, if its own environment variables enable them; else no cost."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Final, Protocol
from wsgiref.types import WSGIApplication

from mechanic_http.ports import AccessLog
from mechanic_shop.extras import name_missing_extra
from mechanic_shop.settings.variables import WrongSettings

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL: Final = "http/protobuf"
_EXPORTERS: Final = frozenset({"none", "console", "otlp"})


class Traces(Protocol):
    """Wraps each request in a span."""

    def wrap(self, application: WSGIApplication) -> WSGIApplication:
        """Return *application* with a span around each request."""
        ...

    def describe_spans(self, log: AccessLog | None) -> AccessLog:
        """Return an access log that describes each span before it is passed on to *log*."""
        ...


def find_exporter(environ: Mapping[str, str]) -> str | None:
    """Return the configured exporter, None if traces are off. Raises `WrongSettings`.

    An endpoint alone selects ``otlp``.
    """
    if environ.get("OTEL_SDK_DISABLED", "").casefold() == "true":
        return None
    has_endpoint = any(environ.get(name) for name in _ENDPOINTS)
    exporter = environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if has_endpoint else "none")
    if exporter not in _EXPORTERS:
        raise WrongSettings("OTEL_TRACES_EXPORTER must be otlp or console or none")
    for name in _PROTOCOLS:
        if exporter == "otlp" and (environ.get(name) or _PROTOCOL) != _PROTOCOL:
            raise WrongSettings(f"{name} must be {_PROTOCOL}")
    return None if exporter == "none" else exporter


def require_exporter(environ: Mapping[str, str]) -> str | None:
    """Return what `find_exporter` does; raise `ExtraMissing` if its packages are not installed."""
    exporter = find_exporter(environ)
    if exporter is not None:
        with name_missing_extra(f"OTEL_TRACES_EXPORTER={exporter}"):
            import_module("mechanic_shop.observability.opentelemetry")
    return exporter


def open_traces(environ: Mapping[str, str]) -> AbstractContextManager[Traces | None]:
    """Open the configured traces, None if they are off.

    Raises `WrongSettings` and `ExtraMissing`.
    """
    exporter = require_exporter(environ)
    if exporter is None:
        return nullcontext()
    from mechanic_shop.observability import opentelemetry  # noqa: PLC0415 - not without traces

    return opentelemetry.open_exporter(exporter)
