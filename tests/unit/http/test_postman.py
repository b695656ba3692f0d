"""The Postman collection has every request, in an order that can be run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mechanic_http.openapi.document import document
from mechanic_http.openapi.postman import collection
from mechanic_http.openapi.postman_sequence import Step, sequence
from mechanic_shop.commands.postman import postman
from tests.unit.http.documented import DocumentedOperation, documented_operations

ROOT = Path(__file__).parents[3]
GIVEN = {"baseUrl": "http://shop.example", "email": "e", "password": "p", "customerEmail": "c"}
STORED = re.compile(r'collectionVariables.set\("(\w+)"')
USED = re.compile(r"{{(\w+)}}")


def requests() -> list[dict[str, Any]]:
    """Return the requests of all folders, in their order."""
    return [item for folder in collection(**GIVEN)["item"] for item in folder["item"]]


def steps() -> list[Step]:
    """Return the steps that the requests are made of, in their order."""
    return list(sequence(document()))


def script_of(item: dict[str, Any]) -> str:
    """Return the script that runs after a request."""
    return "\n".join(item["event"][0]["script"]["exec"])


def test_has_every_operation() -> None:
    """
    Each operation of the document has a request.
    """
    requested = {step.endpoint.operation["operationId"] for step in steps()}

    assert {one.name for one in documented_operations()} == requested


def test_has_a_folder_for_each_tag() -> None:
    """
    Folders are the document's tags, each once.
    """
    folders = [folder["name"] for folder in collection(**GIVEN)["item"]]

    assert len(set(folders)) == len(folders)
    assert {tag for one in documented_operations() for tag in one.operation["tags"]} == set(folders)


def test_uses_a_variable_after_it_is_set() -> None:
    """
    Every variable in a request has a value, or an earlier response has set it.
    """
    known = set(GIVEN)
    for item in requests():
        used = set(USED.findall(json.dumps(item["request"])))
        assert used <= known, item["name"]
        known |= set(STORED.findall(script_of(item)))


def test_declares_its_variables() -> None:
    """
    Every variable is declared once, those with a value among them.
    """
    variables = {one["key"]: one["value"] for one in collection(**GIVEN)["variable"]}
    stored = {name for item in requests() for name in STORED.findall(script_of(item))}

    assert {**GIVEN, **dict.fromkeys(stored, "")} == variables


def test_checks_every_status() -> None:
    """
    Every request has a script that checks for the documented status of success.
    """
    by_name: dict[str, DocumentedOperation] = {one.name: one for one in documented_operations()}
    for step, item in zip(steps(), requests(), strict=True):
        checked = re.search(r"to\.have\.status\((\d+)\)", script_of(item))

        assert checked
        assert checked[1] in by_name[step.endpoint.operation["operationId"]].operation["responses"]


@pytest.mark.parametrize(
    "item", [one for one in requests() if "body" in one["request"]], ids=lambda one: one["name"]
)
def test_bodies_are_json(item: dict[str, Any]) -> None:
    """
    Every body is JSON after its variables are replaced, ids by numbers.
    """
    raw = re.sub(r"{{\w+Id}}", "1", item["request"]["body"]["raw"])

    body = json.loads(raw)

    ids = [value for name, value in body.items() if name.endswith("_id")]
    assert all(isinstance(value, int) for value in ids)
    media_types = {
        one["value"] for one in item["request"]["header"] if one["key"] == "Content-Type"
    }
    assert media_types <= {"application/json", "application/merge-patch+json"}


def test_sends_the_token_of_the_login() -> None:
    """
    All requests send the token, except those that issue one.
    """
    auth = collection(**GIVEN)["auth"]["bearer"][0]["value"]
    without = [one["name"] for one in requests() if "auth" in one["request"]]

    assert "{{token}}" == auth
    assert "Log in as a mechanic or manager" in without
    assert 'set("token", pm.response.json().token)' in script_of(requests()[0])


def test_file_is_fresh() -> None:
    """
    The file at the root is the output of the command; `nox -s documents` regenerates it.
    """
    file = (ROOT / "mechanic_shop.postman_collection.json").read_text()

    assert CliRunner().invoke(postman).output == file
