"""Other tools accept the document and the collection."""

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mechanic_http.openapi.document import as_json, document
from mechanic_shop.demo.people import MANAGER, PASSWORD
from tests.integration.programs import Program

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "src/mechanic_http/static/swagger.yaml"
COLLECTION = ROOT / "mechanic_shop.postman_collection.json"
TIMEOUT_S = 240
CLIENT = "client_of_the_shop"


def run(program: str, *args: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a tool and wait for it."""
    path = shutil.which(program, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if path is None:
        pytest.fail(f"{program} is not installed: run nox -s api")
    return subprocess.run(
        [path, *args], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )


def test_document_is_valid() -> None:
    """
    The document is OpenAPI 3.1.
    """
    assert [] == list(OpenAPIV31SpecValidator(document()).iter_errors())


def test_spectral_finds_nothing() -> None:
    """
    Spectral reports no error, warning or hint about the file.
    """
    ruleset = HERE / "spectral.yaml"
    found = run("spectral", "lint", "--fail-severity=hint", "--ruleset", ruleset, DOCUMENT)

    assert 0 == found.returncode, found.stdout


def test_newman_runs_the_collection(shop: Program) -> None:
    """
    Every request of the collection, in order, gets the status that its script expects.
    """
    given = ("--env-var", f"baseUrl={shop.url}")
    found = run("newman", "run", COLLECTION, *given, "--color", "off", "--reporters", "cli")

    assert 0 == found.returncode, found.stdout


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package that openapi-python-client generates from the document."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_bytes(as_json())
    generated = run(
        *("openapi-python-client", "generate", "--meta", "none"),
        *("--path", folder / "openapi.json", "--output-path", folder / CLIENT),
    )
    assert 0 == generated.returncode, generated.stdout + generated.stderr
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(folder)
        yield import_module(CLIENT)


def call(operation: str, **given: Any) -> Any:
    """Call an operation of the generated client and return the parsed response."""
    return import_module(f"{CLIENT}.api.{operation}").sync(**given)


def model(name: str) -> Any:
    """Return a model of the generated client."""
    return getattr(import_module(f"{CLIENT}.models"), name)


def test_generated_client_works(shop: Program, client: Any) -> None:
    """
    A generated client logs in, lists, creates and assigns.
    """
    credentials = model("Credentials")(email=MANAGER, password=PASSWORD)
    with client.Client(shop.url) as anonymous:
        pair = call("accounts.log_in_staff", client=anonymous, body=credentials)
    with client.AuthenticatedClient(shop.url, pair.token) as manager:
        (customer,) = call("customers.list_customers", client=manager, per_page=1).items
        draft = model("TicketDraft")(description="Squeaks", customer_id=customer.id)
        ticket = call("tickets.open_ticket", client=manager, body=draft)
        edit = model("MechanicEdit")(add_ids=[2])
        assigned = call("tickets.assign_mechanics", ticket_id=ticket.id, client=manager, body=edit)
        mechanic = call("mechanics.read_mechanic", mechanic_id=2, client=manager)
        refused = call("tickets.read_ticket", ticket_id=10**9, client=manager)

    assert ("Squeaks", [2]) == (assigned.description, [one.id for one in assigned.mechanics])
    assert (model("Mechanic"), True) == (type(mechanic), mechanic.active)
    assert (404, "ticket-not-found") == (refused.status, refused.code)
