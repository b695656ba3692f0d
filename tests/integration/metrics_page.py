"""A shop that serves, a morning of known requests in it, and its page of figures."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.programs import Program, Told, ask, run, serving

EMAIL: Final = "grace@example.com"
PASSWORD: Final = "correct horse battery staple"
TOKEN: Final = "operators-" * 4
SECRET: Final = "signs-" * 8
ENV: Final = {
    "APP_ENV": "development",
    "GLOBAL_RATE_LIMIT": "",
    "LOGIN_RATE_LIMIT": "",
    "WRITE_RATE_LIMIT": "",
    "LOG_FORMAT": "json",
    "METRICS_TOKEN": TOKEN,
    "SECRET_KEY": SECRET,
}


@contextmanager
def shop_in(folder: Path, *options: str, **env: str) -> Iterator[Program]:
    """Serve a shop that has a manager."""
    who = ("--role", "manager", "--email", EMAIL, "--name", "Grace", "--password-stdin")
    settings = ENV | env
    if settings.get("DATABASE_URL", "").startswith("postgresql"):
        assert run(folder, "db", "upgrade", env=settings).returncode == 0
    assert run(folder, "staff", "add", *who, env=settings, given=PASSWORD).returncode == 0
    with serving(folder, "serve", "--port", "0", *options, env=settings) as program:
        yield program


def once(
    program: Program, method: str, path: str, body: object = None, token: str | None = None
) -> Told:
    """Ask on a connection of its own, so that any of several processes may answer."""
    with closing(program.connection()) as connection:
        return ask(connection, method, path, body, token)


def log_in(program: Program, password: str = PASSWORD) -> Told:
    """Try to log in as the manager."""
    return once(program, "POST", "/mechanics/login", {"email": EMAIL, "password": password})


def page_of(program: Program, headers: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Return the status, the content type and the text of the page of figures."""
    with closing(program.connection()) as connection:
        connection.request("GET", "/metrics", headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def figures_of(program: Program) -> Mapping[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return what the page says, read by Prometheus' own parser."""
    _, kind, text = page_of(program)
    assert kind.startswith("text/plain; version=")
    samples = [
        sample for family in text_string_to_metric_families(text) for sample in family.samples
    ]
    found = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    assert len(found) == len(samples)
    return found


def a_morning(program: Program) -> None:
    """Make a known number of requests of every kind."""
    assert log_in(program, "wrong horse").status == 401
    token = log_in(program).said["token"]
    part = {"name": "Brake pad", "sku": "PAD", "price": 49.99, "quantity": 1}
    once(program, "POST", "/inventory", part, token)
    for _ in range(6):
        assert once(program, "GET", "/inventory/1").status == 200
    customer = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    once(program, "POST", "/customers", customer)
    ticket = {"customer_id": 1, "description": "brakes", "mechanic_ids": [1]}
    once(program, "POST", "/service_tickets", ticket, token)
    for _ in range(3):
        line = {"part_id": 1, "quantity": 2}
        assert once(program, "POST", "/service_tickets/1/parts", line, token).status == 409
    for _ in range(2):
        assert once(program, "GET", "/nowhere").status == 404
