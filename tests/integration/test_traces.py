"""OpenTelemetry traces: one span per request, and no cost when they are off."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from falcon import testing
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from mechanic_http.app import HttpPorts, create_app
from mechanic_http.settings import HttpSettings
from mechanic_shop.observability.opentelemetry import open_provider
from mechanic_shop.observability.traces import find_exporter, open_traces
from mechanic_shop.settings.variables import WrongSettings
from tests.integration.metrics_page import request_once
from tests.integration.programs import environment, run, serving
from tests.shops import CUSTOMER
from tests.unit.core.conftest import Premises
from tests.unit.http.shop import bearer, read_token

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_one_span_for_each_request() -> None:
    """
    A span is named by the route's template and is a child of the caller's span.
    """
    memory = InMemorySpanExporter()
    with open_provider(memory, batch=False) as traces:
        ports = HttpPorts(authenticate=read_token, access_log=traces.describe_spans(None))
        app = create_app(Premises().shop, ports, HttpSettings(cursor_secret=b"c" * 32))
        line = testing.TestClient(traces.wrap(app))
        headers = bearer(CUSTOMER) | {"traceparent": PARENT, "X-Request-ID": "r1"}
        line.simulate_get("/customers/2", headers=headers)
        line.simulate_get("/nowhere/at/all")

    first, second = memory.get_finished_spans()
    assert ("GET /customers/{customer_id}", "GET") == (first.name, second.name)
    assert {SpanKind.SERVER} == {first.kind, second.kind}
    assert first.parent is not None
    assert 0x4BF92F3577B34DA6A3CE929D0E0E4736 == first.context.trace_id
    assert 0x00F067AA0BA902B7 == first.parent.span_id
    assert second.parent is None
    assert first.context.trace_id != second.context.trace_id
    assert {
        "http.request.method": "GET",
        "http.route": "/customers/{customer_id}",
        "http.response.status_code": 404,
        "shop.operation": "read_customer",
        "shop.problem": "customer-not-found",
        "shop.request_id": "r1",
        "shop.role": "customer",
        "shop.statements": 0,
    } == dict(first.attributes or {})
    assert StatusCode.UNSET is first.status.status_code
    assert "mechanic-shop" == first.resource.attributes["service.name"]


def test_the_environment_names_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The standard variables set the service name.
    """
    monkeypatch.setenv("OTEL_SERVICE_NAME", "garage")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    memory = InMemorySpanExporter()

    with open_provider(memory, batch=False) as traces, traces._tracer.start_as_current_span("x"):
        pass

    attributes = memory.get_finished_spans()[0].resource.attributes
    assert ("garage", "test") == (
        attributes["service.name"],
        attributes["deployment.environment.name"],
    )


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"OTEL_TRACES_EXPORTER": "none"}, None),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector/v1/traces"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "x", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "x", "OTEL_SDK_DISABLED": "true"}, None),
    ],
)
def test_traces_are_off_by_default(environ: Mapping[str, str], expected: str | None) -> None:
    """
    Traces are on only when a variable of OpenTelemetry asks for them.
    """
    assert expected == find_exporter(environ)


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_TRACES_EXPORTER": "jaeger"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_an_unknown_exporter_is_refused(environ: Mapping[str, str]) -> None:
    """
    An unknown exporter or protocol stops the start.
    """
    with pytest.raises(WrongSettings, match="must be"):
        open_traces(environ)


def test_costs_nothing_when_off(tmp_path: Path) -> None:
    """
    Without those variables no tracing module is imported.
    """
    program = (
        "import sys\n"
        "COSTLY = ('mechanic_shop.observability.opentelemetry', 'opentelemetry.sdk.trace', 'alembic')\n"
        "from mechanic_shop.settings.settings import Settings\n"
        "from mechanic_shop.wiring.application import open_application\n"
        "with open_application(Settings()): pass\n"
        "print([name for name in COSTLY if name in sys.modules])\n"
    )
    run(tmp_path, "db", "upgrade")

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert "[]\n" == done.stdout


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """The URL of a collector, and the spans that it received."""
    sent: list[ExportTraceServiceRequest] = []

    class Collect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collect) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", sent
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_shop_that_serves_sends_its_spans(tmp_path: Path, workers: str) -> None:
    """
    The spans of every process have reached the collector when the shop has stopped.
    """
    with collector() as (address, sent):
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
        run(tmp_path, "db", "upgrade")
        with serving(tmp_path, "serve", "--port", "0", "--workers", workers, env=env) as program:
            for _ in range(10):
                assert 200 == request_once(program, "GET", "/inventory").status
            program.process.terminate()
            assert 0 == program.process.wait(20)

    names = [
        span.name
        for request in sent
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert ["GET /inventory"] * 10 == names


def test_spans_on_the_console(tmp_path: Path) -> None:
    """
    `OTEL_TRACES_EXPORTER=console` prints spans.
    """
    run(tmp_path, "db", "upgrade")
    with serving(
        tmp_path, "serve", "--port", "0", env={"OTEL_TRACES_EXPORTER": "console"}
    ) as program:
        request_once(program, "GET", "/healthz")
        program.process.terminate()
        printed = program.process.stdout.read() if program.process.stdout else ""

    assert "GET /healthz" == json.loads(printed)["name"]


def test_a_missing_extra_is_reported(tmp_path: Path) -> None:
    """
    Traces without the installed extra stop the start with one line.
    """
    program = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from mechanic_shop.cli import main\n"
        "main(['serve', '--port', '0'])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment({"OTEL_TRACES_EXPORTER": "otlp"}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert 2 == done.returncode
    assert 1 == len(done.stderr.splitlines())
    assert "OTEL_TRACES_EXPORTER=otlp needs the extra `otel`" in done.stderr
