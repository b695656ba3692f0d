"""The Postman collection: every request in it, in an order that can be run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mechanic_http.openapi.postman import collection
from mechanic_http.openapi.postman_requests import STORY
from mechanic_shop.commands.postman import postman
from tests.unit.http.documented import DocumentedOperation, documented_operations

ROOT = Path(__file__).parents[3]
GIVEN = {"baseUrl": "http://shop.example", "email": "e", "password": "p", "customerEmail": "c"}
KEPT = re.compile(r'collectionVariables.set\("(\w+)"')
USED = re.compile(r"{{(\w+)}}")


def requests() -> list[dict[str, Any]]:
    """Return the requests of all folders, in their order."""
    return [item for folder in collection(**GIVEN)["item"] for item in folder["item"]]


def script_of(item: dict[str, Any]) -> str:
    """Return what is run after a request."""
    return "\n".join(item["event"][0]["script"]["exec"])


def test_has_every_operation() -> None:
    """
    The requests are the document's operations, both ways.
    """
    asked = {step.operation_id for step in STORY}

    assert {one.name for one in documented_operations()} == asked


def test_has_a_folder_for_each_noun() -> None:
    """
    Folders are the document's tags, each once.
    """
    folders = [folder["name"] for folder in collection(**GIVEN)["item"]]

    assert len(set(folders)) == len(folders)
    assert {tag for one in documented_operations() for tag in one.told["tags"]} == set(folders)


def test_uses_only_what_is_known_by_then() -> None:
    """
    Every variable in a request is given, or was kept from an answer before it.
    """
    known = set(GIVEN)
    for item in requests():
        used = set(USED.findall(json.dumps(item["request"])))
        assert used <= known, item["name"]
        known |= set(KEPT.findall(script_of(item)))


def test_declares_its_variables() -> None:
    """
    Every variable is declared once, those that a person fills in with a value.
    """
    variables = {one["key"]: one["value"] for one in collection(**GIVEN)["variable"]}
    kept = {name for item in requests() for name in KEPT.findall(script_of(item))}

    assert {**GIVEN, **dict.fromkeys(kept, "")} == variables


def test_checks_every_status() -> None:
    """
    Every request has a script that checks the status which the document names for success.
    """
    by_name: dict[str, DocumentedOperation] = {one.name: one for one in documented_operations()}
    for step, item in zip(STORY, requests(), strict=True):
        checked = re.search(r"to\.have\.status\((\d+)\)", script_of(item))

        assert checked
        assert checked[1] in by_name[step.operation_id].told["responses"]


@pytest.mark.parametrize(
    "item", [one for one in requests() if "body" in one["request"]], ids=lambda one: one["name"]
)
def test_bodies_are_json(item: dict[str, Any]) -> None:
    """
    Every body is JSON once its variables are filled in, ids as numbers.
    """
    raw = re.sub(r"{{\w+Id}}", "1", item["request"]["body"]["raw"])

    body = json.loads(raw)

    ids = [value for name, value in body.items() if name.endswith("_id")]
    assert all(isinstance(value, int) for value in ids)
    kinds = {one["value"] for one in item["request"]["header"] if one["key"] == "Content-Type"}
    assert kinds <= {"application/json", "application/merge-patch+json"}


def test_sends_the_token_that_the_login_gave() -> None:
    """
    All requests send the token, but for those that issue one.
    """
    auth = collection(**GIVEN)["auth"]["bearer"][0]["value"]
    without = [one["name"] for one in requests() if "auth" in one["request"]]

    assert "{{token}}" == auth
    assert "Log in as a mechanic or manager" in without
    assert 'set("token", pm.response.json().token)' in script_of(requests()[0])


def test_file_is_fresh() -> None:
    """
    The file at the root is what the command prints; `nox -s documents` renews it.
    """
    kept = (ROOT / "mechanic_shop.postman_collection.json").read_text()

    assert CliRunner().invoke(postman).output == kept
