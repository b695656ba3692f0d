"""A served shop, a known sequence of requests to it, and its metrics page."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.programs import JsonResponse, Program, ask, run, serving

EMAIL: Final = "grace@example.com"
PASSWORD: Final = "correct horse battery staple"
TOKEN: Final = "operators-" * 4
SECRET: Final = "signs-" * 8
ENV: Final = {
    "APP_ENV": "development",
    "GLOBAL_RATE_LIMIT": "",
    "LOGIN_RATE_LIMIT": "",
    "STATIC_RATE_LIMIT": "",
    "WRITE_RATE_LIMIT": "",
    "LOG_FORMAT": "json",
    "METRICS_TOKEN": TOKEN,
    "SECRET_KEY": SECRET,
}


@contextmanager
def serve_shop(folder: Path, *options: str, **env: str) -> Iterator[Program]:
    """Serve a shop with a manager."""
    who = ("--role", "manager", "--email", EMAIL, "--name", "Grace", "--password-stdin")
    settings = ENV | env
    if settings.get("DATABASE_URL", "").startswith("postgresql"):
        assert run(folder, "db", "upgrade", env=settings).returncode == 0
    assert run(folder, "staff", "add", *who, env=settings, given=PASSWORD).returncode == 0
    with serving(folder, "serve", "--port", "0", *options, env=settings) as program:
        yield program


def request_once(
    program: Program, method: str, path: str, body: object = None, token: str | None = None
) -> JsonResponse:
    """Send a request on a new connection, so that any worker process may serve it."""
    with closing(program.connection()) as connection:
        return ask(connection, method, path, body, token)


def log_in(program: Program, password: str = PASSWORD) -> JsonResponse:
    """Log in as the manager."""
    return request_once(program, "POST", "/mechanics/login", {"email": EMAIL, "password": password})


def get_metrics(program: Program, headers: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Return the status, content type and text of the metrics page."""
    with closing(program.connection()) as connection:
        connection.request("GET", "/metrics", headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def read_samples(program: Program) -> Mapping[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return the samples of the metrics page, read by Prometheus' own parser."""
    _, kind, text = get_metrics(program)
    assert kind.startswith("text/plain; version=")
    samples = [
        sample for family in text_string_to_metric_families(text) for sample in family.samples
    ]
    found = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    assert len(found) == len(samples)
    return found


def send_known_requests(program: Program) -> None:
    """Send a known number of requests of every kind."""
    assert log_in(program, "wrong horse").status == 401
    token = log_in(program).body["token"]
    part = {"name": "Brake pad", "sku": "PAD", "price": 49.99, "quantity": 1}
    request_once(program, "POST", "/inventory", part, token)
    for _ in range(6):
        assert request_once(program, "GET", "/inventory/1").status == 200
    customer = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    request_once(program, "POST", "/customers", customer)
    ticket = {"customer_id": 1, "description": "brakes", "mechanic_ids": [1]}
    request_once(program, "POST", "/service_tickets", ticket, token)
    for _ in range(3):
        line = {"part_id": 1, "quantity": 2}
        assert request_once(program, "POST", "/service_tickets/1/parts", line, token).status == 409
    for _ in range(2):
        assert request_once(program, "GET", "/nowhere").status == 404
