"""The published script checks invoices and credit notes as the API answers them."""

import json
import runpy
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from mechanic_core.tickets.workflow import Status
from tests.shops import MANAGER
from tests.unit.http.shop import client

SCRIPT: Final = Path(__file__).parents[3] / "docs/reference/check_invoices.py"
ADA: Final = {
    "person": "Ada",
    "channel": "in_person",
}


@pytest.fixture(scope="module")
def answered() -> list[dict[str, Any]]:
    """Three invoices of one series and one of another, the first credited in two parts."""
    shop = client()

    def post(path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Idempotency-Key": f"{path} {json.dumps(body)}"}
        answer = shop.ask("POST", path, body, MANAGER, headers)
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    for number in (1, 2, 3, 4):
        opened = shop.premises.open()
        ticket = f"/service_tickets/{opened.id}"
        work = {"description": "Rewire the horn", "hours": 1.5, "rate": 80.10}
        line = post(f"{ticket}/labor", work)
        post(f"{ticket}/estimates")
        answers = [{"job_id": line["job_id"], "answer": "authorized"}]
        post(f"{ticket}/estimates/1/decisions", {**ADA, "answers": answers})
        shop.premises.go(opened, Status.IN_PROGRESS, Status.COMPLETED)
        if number == 4:
            shop.ask("PATCH", "/shop", {"invoice_prefix": "B/"}, MANAGER)
        post(f"{ticket}/invoice")
    lines = [{"line": 1, "amount": 33.35}]
    post("/invoices/1/credit_notes", {"lines": lines, "reason": "The horn is quiet — ½"})
    post("/invoices/1/credit_notes", {"all": True, "reason": "It still is"})
    invoices = shop.get("/invoices", MANAGER).json["items"]
    return [*invoices, *shop.get("/invoices/1/credit_notes", MANAGER).json["items"]]


def wrong(documents: list[dict[str, Any]]) -> list[str]:
    """Return what the script finds."""
    return list(runpy.run_path(str(SCRIPT))["wrong"](documents))


def test_what_the_api_answers_is_right(answered: list[dict[str, Any]]) -> None:
    """
    Whatever the order of the documents, or how many of them there are.
    """
    assert ["INV-1", "INV-2", "INV-3", "B/1", "CN-1", "CN-2"] == [one["number"] for one in answered]
    assert [] == wrong(answered)
    assert [] == wrong(answered[::-1])
    assert [] == wrong([answered[1]])
    assert [] == wrong([])


def change_an_amount(documents: list[dict[str, Any]]) -> None:
    """Change the total of the second invoice."""
    documents[1]["totals"]["total"] += 0.01


def change_a_decision(documents: list[dict[str, Any]]) -> None:
    """Change who has authorized the second invoice."""
    documents[1]["decisions"][0]["person"] = "Eve"


def change_and_digest_again(documents: list[dict[str, Any]]) -> None:
    """Change the second invoice, with its digest."""
    documents[1]["reason"] = documents[1]["description"] = "Nothing"
    documents[1]["digest"] = runpy.run_path(str(SCRIPT))["digest_of"](documents[1])


def take_one_out(documents: list[dict[str, Any]]) -> None:
    """Take the second invoice out."""
    del documents[1]


def repeat_one(documents: list[dict[str, Any]]) -> None:
    """Add the last invoice again."""
    documents.append(deepcopy(documents[3]))


def begin_with_the_second(documents: list[dict[str, Any]]) -> None:
    """Give the second credit note the number of the first."""
    documents[:] = [{**documents[5], "number": "CN-1"}]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (change_an_amount, ["INV-2 was changed"]),
        (change_a_decision, ["INV-2 was changed"]),
        (change_and_digest_again, ["INV-3 does not follow INV-2"]),
        (take_one_out, ["INV-2 is missing"]),
        (repeat_one, ["B/1 is there twice"]),
        (begin_with_the_second, ["CN-1 was changed", "CN-1 is not the first"]),
    ],
)
def test_it_finds_what_is_wrong(
    answered: list[dict[str, Any]],
    change: Callable[[list[dict[str, Any]]], None],
    found: list[str],
) -> None:
    """
    A change, also one with a digest that fits it, a document taken out, and one that is there twice.
    """
    documents = deepcopy(answered)

    change(documents)

    assert found == wrong(documents)


def test_what_may_change_may(answered: list[dict[str, Any]]) -> None:
    """
    What is paid and credited, who owes it after a merger, and names of staff.
    """
    documents = deepcopy(answered)
    for one in documents:
        one["by"]["name"] = None
    documents[0] |= {"customer_id": 2, "paid": 5, "due": 0, "payment_status": "paid", "credited": 1}

    assert [] == wrong(documents)


def test_it_is_a_program(
    answered: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It reads files with one document or with many, and exits with what is wrong.
    """
    one, many = tmp_path / "one.json", tmp_path / "many.json"
    one.write_text(json.dumps(answered[0]), "utf-8")
    many.write_text(json.dumps({"items": answered[2:], "page": 1}), "utf-8")
    monkeypatch.setattr(sys, "argv", ["check_invoices.py", str(one), str(many)])

    with pytest.raises(SystemExit) as exited:
        runpy.run_path(str(SCRIPT), run_name="__main__")

    assert "INV-2 is missing" == exited.value.code
