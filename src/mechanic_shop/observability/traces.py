"""Whether OpenTelemetry's own variables ask for traces, at no cost where they do not."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Final, Protocol
from wsgiref.types import WSGIApplication

from mechanic_http.ports import AccessLog
from mechanic_shop.settings.variables import WrongSettings

_ADDRESSES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN: Final = "http/protobuf"
_KNOWN: Final = frozenset({"none", "console", "otlp"})


class Traces(Protocol):
    """Puts a span around each request and names it."""

    def around(self, application: WSGIApplication) -> WSGIApplication:
        """Return *application* with a span around each request."""
        ...

    def naming(self, log: AccessLog | None) -> AccessLog:
        """Return what tells the span what a request was, and then *log*."""
        ...


def exporter_in(environ: Mapping[str, str]) -> str | None:
    """Return which exporter is asked for, if any; raise `WrongSettings` for one nobody knows.

    An address alone asks for ``otlp``: nobody names a collector who wants nothing sent.
    """
    if environ.get("OTEL_SDK_DISABLED", "").casefold() == "true":
        return None
    address = any(environ.get(name) for name in _ADDRESSES)
    named = environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if address else "none")
    if named not in _KNOWN:
        raise WrongSettings("OTEL_TRACES_EXPORTER must be otlp or console or none")
    for name in _PROTOCOLS:
        if named == "otlp" and (environ.get(name) or _SPOKEN) != _SPOKEN:
            raise WrongSettings(f"{name} must be {_SPOKEN}")
    return None if named == "none" else named


def open_traces(environ: Mapping[str, str]) -> AbstractContextManager[Traces | None]:
    """Give what traces requests, None where nobody asks for it. Raises `WrongSettings`."""
    exporter = exporter_in(environ)
    if exporter is None:
        return nullcontext()
    try:
        tracing = import_module("mechanic_shop.observability.tracing")
    except ModuleNotFoundError as missing:
        raise WrongSettings(
            f"OTEL_TRACES_EXPORTER: traces need mechanic-shop[otel] ({missing})"
        ) from None
    opened: AbstractContextManager[Traces] = tracing.open_tracing(exporter)
    return opened
