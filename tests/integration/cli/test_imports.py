"""A command imports only what it uses, since imports are most of its start-up time."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.integration.programs import environment

LISTING = """
import contextlib, json, sys
from mechanic_shop.cli import main
with contextlib.suppress(SystemExit):
    main(json.loads(sys.argv[1]))
"""

SERVING = """
import http.client, json, os, signal, socket, sys
from threading import Thread
from mechanic_shop.cli import main

with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]

def ask():
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/inventory")
            answer = connection.getresponse()
            answer.read()
        except ConnectionRefusedError:
            continue
        assert answer.status == 200, answer.status
        os.kill(os.getpid(), signal.SIGTERM)
        return

Thread(target=ask, daemon=True).start()
try:
    main(["serve", "--port", str(port)])
except SystemExit as stopped:
    assert not stopped.code, stopped.code
"""

REPORT = """
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
print(json.dumps(sorted(name for name in sys.modules if name.startswith("mechanic_"))))
"""

HEAVY = {
    *("alembic", "apispec", "argon2", "attr", "cachetools", "cattrs", "cryptography", "dotenv"),
    *("falcon", "granian", "hypothesis", "jwt", "limits", "mako", "opentelemetry", "orjson"),
    *("prometheus_client", "psycopg", "pytest", "redis", "sqlalchemy", "structlog"),
    *("waitress", "yaml"),
}
"""Packages that take long to import, or that are not installed with the shop."""

_SETTINGS = {"attr", "dotenv"}
_DATABASE = {*_SETTINGS, "cattrs", "orjson", "sqlalchemy"}
_SHOP = {*_DATABASE, "argon2", "cachetools", "cryptography", "jwt"}
USED: dict[str, set[str]] = {
    "--help": set(),
    "config": _SETTINGS,
    "db current": {*_DATABASE, "alembic", "mako"},
    "stock check": _SHOP,
    "serve": {*_SHOP, "falcon", "limits", "prometheus_client", "structlog", "waitress"},
}
"""Packages that commands need on a current SQLite schema without Redis."""

UNASKED = {
    "mechanic_http.documents.problem_explanations",
    "mechanic_http.openapi.document",
    "mechanic_http.openapi.postman",
    "mechanic_shop.demo",
    "mechanic_shop.observability.opentelemetry",
}
"""Our modules for features that are not used."""


def imported(folder: Path, program: str, *args: str) -> tuple[set[str], set[str]]:
    """Run *program* and return the packages and our modules that it imported."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(program) + REPORT, *args],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    *_, packages, modules = done.stdout.splitlines()
    return set(json.loads(packages)), set(json.loads(modules))


@pytest.mark.parametrize("words", [words for words in USED if words != "serve"])
def test_a_command_imports_what_it_uses(tmp_path: Path, words: str) -> None:
    """
    A small command starts fast, because it imports little.
    """
    if words == "stock check":
        imported(tmp_path, LISTING, json.dumps(["db", "upgrade"]))
    packages, _ = imported(tmp_path, LISTING, json.dumps(words.split()))

    assert USED[words] == packages & HEAVY


def test_serving_imports_what_it_uses(tmp_path: Path) -> None:
    """
    On SQLite and without Redis, `serve` imports nothing for PostgreSQL or Redis.
    """
    imported(tmp_path, LISTING, json.dumps(["db", "upgrade"]))

    packages, modules = imported(tmp_path, SERVING)

    assert USED["serve"] == packages & HEAVY
    assert set() == modules & UNASKED
