"""The pages on embedding work as shown, with the real libraries."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mechanic_core.access import Actor, Role
from mechanic_core.customers.customer import Registration
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_shop import open_shop
from tests.integration.embedding.pages import (
    PAGES,
    printed_on,
    programs_of,
    run_python,
    write_programs,
)
from tests.integration.programs import PATIENCE_S, environment
from tests.integration.servers import RunningValkey
from tests.strategies import sample

MANAGER = Actor(Role.MANAGER)
JOB = {"customer_id": 1, "plate": "AB 12", "description": "Brakes grind"}
REFUSED = {**JOB, "plate": "CD 34", "description": ""}
"""A job whose ticket is refused after its vehicle was added."""

HOSTS = {"fastapi", "django", "celery"}

CALL_FASTAPI = f"""
from fastapi.testclient import TestClient
from garage import app

with TestClient(app) as client:
    print(client.post("/jobs", json={JOB}).status_code, client.get("/jobs/1").json())
    refused = client.post("/jobs", json={REFUSED})
    print(refused.status_code, client.get("/jobs/2").json()["code"])
"""

CALL_MOUNTED = """
from fastapi.testclient import TestClient
from garage_and_api import app

with TestClient(app) as client:
    print(client.get("/api/inventory").json()["items"], client.get("/api/readyz").status_code)
    print(client.get("/api/openapi.json").json()["servers"][0]["url"])
    print(client.get("/api/inventory/9").json()["type"], client.get("/api/").url.path)
"""

CALL_DJANGO = f"""
import django
django.setup()
from django.core.management import call_command
from django.test import Client

call_command("check", fail_level="WARNING")
client = Client()
first = client.post("/jobs", {JOB}, "application/json")
print(first.status_code, client.get("/jobs/1").json())
refused = client.post("/jobs", {REFUSED}, "application/json")
print(refused.status_code, client.get("/jobs/2").json()["code"])
"""

CALL_CELERY = """
from mechanic_core.tickets.forms import TicketDraft
from intake import take_in
from tasks import app, cancel

ticket = take_in(TicketDraft(customer_id=1, description="Brakes grind"))
print(ticket, cancel.delay(ticket).get(timeout=30), cancel.delay(ticket).get(timeout=30))
try:
    cancel.delay(99).get(timeout=30)
except Exception as refused:
    print(type(refused).__name__)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a program, with a shop that has a customer."""
    with open_shop(tmp_path / "shop.db") as shop:
        shop.register_customer(MANAGER, sample(Registration, email="ada@example.com"))
    return tmp_path


def vehicles_in(folder: Path) -> list[str | None]:
    """Return the plates of the vehicles in the shop."""
    with open_shop(folder / "shop.db") as shop:
        found = shop.list_vehicles(MANAGER, VehicleFilter(), PageRequest())
    return [vehicle.plate for vehicle in found.items]


@pytest.mark.parametrize("page", sorted(PAGES.keys() - HOSTS))
def test_a_program_prints_what_is_shown(page: str, tmp_path: Path) -> None:
    """
    The program of a page runs in an empty folder, and prints what is shown.
    """
    (program,) = write_programs(page, tmp_path)

    assert printed_on(page) == run_python(tmp_path, program)


def test_fastapi_serves_as_shown(folder: Path) -> None:
    """
    The endpoints of the page take a job in, in one transaction, and answer refusals.
    """
    write_programs("fastapi", folder)

    printed = run_python(folder, "-c", CALL_FASTAPI)

    assert "201 {'status': 'open'}\n422 ticket-not-found\n" == printed
    assert ["AB 12"] == vehicles_in(folder)


def test_fastapi_mounts_the_api_as_shown(folder: Path) -> None:
    """
    M7: the application that is mounted in FastAPI serves the open shop, under the path of the mount.
    """
    write_programs("fastapi", folder)
    expected = "[] 200\n/api\n/api/problems/part-not-found /api/docs\n"

    assert expected == run_python(folder, "-c", CALL_MOUNTED)


def test_django_serves_as_shown(folder: Path) -> None:
    """
    The views of the page take a job in, in one transaction, and answer refusals.
    """
    write_programs("django", folder)
    own = {"DJANGO_SETTINGS_MODULE": "mysite.settings", "DATABASE_URL": "mysql://its/own"}

    printed = run_python(folder, "-c", CALL_DJANGO, env=own)

    assert "201 {'status': 'open'}\n422 ticket-not-found\n" == printed.partition(".\n")[2]
    assert ["AB 12"] == vehicles_in(folder)


@contextmanager
def celery_worker(folder: Path, pool: str, env: dict[str, str]) -> Iterator[None]:
    """Run a real worker of the tasks in *folder*."""
    command = (sys.executable, "-m", "celery", "--app", "tasks", "worker", "--without-mingle")
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [*command, f"--pool={pool}", "--concurrency=2"],
            cwd=folder,
            env=environment(env),
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            worker.terminate()
            worker.wait(PATIENCE_S)


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_celery_works_as_shown(folder: Path, pool: str, valkey: RunningValkey) -> None:
    """
    A task that is sent after a commit is run by a worker, whose pool forks after the shop is open.
    """
    write_programs("celery", folder)
    queue = {"CELERY_BROKER_URL": valkey.url, "CELERY_RESULT_BACKEND": valkey.url}
    env = {**queue, "PYTHONPATH": str(folder)}

    with celery_worker(folder, pool, env):
        printed = run_python(folder, "-c", CALL_CELERY, env=env)

    assert "1 cancelled cancelled\nTicketNotFound\n" == printed
    with open_shop(folder / "shop.db") as shop:
        assert Status.CANCELLED is shop.read_ticket(MANAGER, TicketId(1)).status


def test_every_block_of_a_page_is_run() -> None:
    """
    A block is a program with a name, or shows what is wrong.
    """
    unnamed = {
        page: text.count("```python") - len(programs_of(page)) - text.count("  # wrong\n")
        for page, text in PAGES.items()
    }

    assert dict.fromkeys(PAGES, 0) == unnamed
