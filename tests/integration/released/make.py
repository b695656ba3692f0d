"""Makes the released databases of the tests again: run it with the released version's Python.

    git worktree add ../released c3459b4
    python3.11 -m venv ../released/.venv
    ../released/.venv/bin/pip install -c ../released/constraints.txt '../released[all]'
    ../released/.venv/bin/python tests/integration/released/make.py postgresql://HOST/EMPTY_DATABASE

It fills a SQLite file and the given PostgreSQL database with the released version's own demo, logs
two people in, records what the released API answers, and writes all of it beside this file. The
`pg_dump` on the PATH must be as new as the server.
"""

import gzip
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from falcon import testing

HERE = Path(__file__).parent
END = datetime(2026, 6, 1, 12, tzinfo=UTC)
PASSWORD = "demo-password"
OPTIONS = ("--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges")

MODULES = ("settings", "demo.opening", "wiring")
"""Where the released version has what is called here."""

LISTS = ("/customers", "/vehicles", "/mechanics", "/inventory", "/service_tickets")
BELOW = {"/inventory": ("/movements",), "/service_tickets": ("", "/history")}
"""What is read of each item of a list."""


def main(postgres: str) -> None:
    """Fill both databases and write the three files."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "shop.db"
        answers = fill_shop(f"sqlite:///{file}")
        with closing(sqlite3.connect(file)) as connection:
            write("sqlite.sql.gz", "\n".join(connection.iterdump()))
    fill_shop(postgres)
    dump = ("pg_dump", *OPTIONS, f"--dbname={postgres}")
    text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    lines = (line for line in text.splitlines() if line and line[:1] not in "\\-")
    write("postgresql.sql.gz", "\n".join(lines))
    write("answers.json.gz", json.dumps(answers, indent=1))


def write(name: str, text: str) -> None:
    """Write a compressed file without the time, so that the same text gives the same bytes."""
    (HERE / name).write_bytes(gzip.compress(text.encode(), mtime=0))


def fill_shop(url: str) -> dict[str, object]:
    """Fill the database with the demo, log in, and return what a manager sees by path."""
    released = {name: import_module(f"mechanic_shop.{name}") for name in MODULES}
    settings = released["settings"].Settings(
        database_url=url, secret_key="s" * 48, global_rate_limit=""
    )
    released["demo.opening"].fill(settings, END)
    with released["wiring"].open_application(settings) as application:
        client = testing.TestClient(application)
        token = log_in(client, "/mechanics/login", "manager@example.com")
        log_in(client, "/login", "customer@example.com")
        return dict(read_all(client, token))


def log_in(client: testing.TestClient, path: str, email: str) -> str:
    """Return an access token."""
    result = client.simulate_post(path, json={"email": email, "password": PASSWORD})
    return str(result.json["token"])


def read_all(client: testing.TestClient, token: str) -> Iterator[tuple[str, Any]]:
    """Yield each path and its answer."""

    def read(path: str, **params: object) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        result = client.simulate_get(path, params=params, headers=headers)
        if result.status_code != 200:
            raise RuntimeError(f"{path}: {result.status} {result.text}")
        return result.json

    yield "/mechanics/leaderboard", read("/mechanics/leaderboard")
    for path in LISTS:
        page = 1
        while (answer := read(path, page=page, per_page=100))["items"]:
            for item in answer["items"]:
                yield f"{path}/{item['id']}", item
                for below in BELOW.get(path, ()):
                    yield (f"{path}/{item['id']}{below}", read(f"{path}/{item['id']}{below}"))
            page += 1


if __name__ == "__main__":
    main(sys.argv[1])
