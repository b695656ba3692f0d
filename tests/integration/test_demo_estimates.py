"""What a visitor of the demo finds of estimates, decisions and recommendations."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from attrs import frozen

from mechanic_shop.demo.people import MANAGER, PASSWORD
from tests.integration.programs import Program, ask, serving


@frozen
class Visitor:
    """A manager of the served demo."""

    demo: Program
    token: str

    def get(self, path: str) -> Any:
        """Return the body of the answer."""
        with closing(self.demo.connection()) as connection:
            return ask(connection, "GET", path, token=self.token).body

    def page(self, path: str, form: str | None = None) -> tuple[int, str]:
        """Return status and text of a page, to which *form* is sent."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        with closing(self.demo.connection()) as connection:
            connection.request("POST" if form else "GET", path, form, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A visitor who has logged in as the manager."""
    with serving(tmp_path_factory.mktemp("demo"), "demo", "--port", "0") as demo:
        given = {"email": MANAGER, "password": PASSWORD}
        with closing(demo.connection()) as connection:
            token = ask(connection, "POST", "/mechanics/login", given).body["token"]
        yield Visitor(demo, token)


def test_one_is_answered(visitor: Visitor) -> None:
    """
    Of one estimate a job is authorized and one declined, which is a recommendation; a limit is set.
    """
    (declined,) = visitor.get("/recommendations?status=open")["items"]
    ticket = f"/service_tickets/{declined['ticket_id']}"
    (estimate,) = visitor.get(f"{ticket}/estimates")["items"]
    decision, limit = visitor.get(f"{ticket}/decisions")["items"]

    assert "answered" == estimate["status"]
    assert ["authorized", "declined"] == [one["answer"] for one in decision["answers"]]
    assert declined["amount"] == decision["answers"][1]["amount"] > 0
    assert ("limit", 250) == (limit["kind"], limit["amount"])
    assert 250 == visitor.get(f"{ticket}/authorization")["limit"]
    assert ["authorized"] == [job["status"] for job in visitor.get(ticket)["jobs"]]


def test_one_waits_for_its_customer(visitor: Visitor) -> None:
    """
    The link that is printed leads to the form of an open estimate, and takes its answers.
    """
    (link,) = re.findall(rf"estimate  {visitor.demo.url}(/a/\S+)\n", visitor.demo.printed)

    status, form = visitor.page(link)
    jobs = sorted({*re.findall(r'name="(job-\d+)"', form)})
    answers = "&".join(f"{job}=yes" for job in jobs)
    sent, _ = visitor.page(link, f"{answers}&name=Wyatt+Coleman")
    after, receipt = visitor.page(link)

    assert (200, 303, 200) == (status, sent, after)
    assert 2 == len(jobs)
    assert all("Replace thermostat and upper hose" in text for text in (form, receipt))
    assert "Wyatt Coleman" in receipt
