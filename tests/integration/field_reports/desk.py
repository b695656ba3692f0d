"""Requests of the people of a shop."""

from typing import Any

from attrs import field, frozen
from falcon import testing

from tests.integration.apps import ADA, BOB, EVE, AppClient


@frozen
class Desk:
    """A client of a shop, with the tokens of its people."""

    client: AppClient
    _tokens: dict[str, str] = field(factory=dict)

    def token(self, who: str) -> str:
        """Return the token of one of the people; none for a stranger."""
        if who and who not in self._tokens:
            self._tokens[who] = self.client.token(who)
        return self._tokens.get(who, "")

    def ask(
        self, method: str, path: str, body: Any = None, by: str = BOB, **headers: str
    ) -> testing.Result:
        """Return the response to a request."""
        return self.client.ask(method, path, self.token(by), body, **headers)

    def get(self, path: str, by: str = BOB) -> Any:
        """Return what a GET answers with 200; to Ada, where staff have none of their own."""
        by = ADA if path.startswith("/my-invoices") else by
        found = self.ask("GET", path, by=by)
        assert 200 == found.status_code, path
        return found.json

    def new(self, path: str, body: Any, by: str = BOB, **headers: str) -> Any:
        """Return what a POST creates."""
        made = self.ask("POST", path, body, by, **headers)
        assert 201 == made.status_code, made.text
        return made.json

    def ticket(self, **members: Any) -> str:
        """Open a ticket of Ada with Bob assigned, and return its path."""
        draft = {"customer_id": 1, "description": "Grinds", "mechanic_ids": [2]}
        return f"/service_tickets/{self.new('/service_tickets', draft | members)['id']}"

    def move(self, ticket: str, *statuses: str) -> list[int]:
        """Change the status of a ticket several times, and return the statuses of the responses."""
        return [
            self.ask("POST", f"{ticket}/transitions", {"to": to}).status_code for to in statuses
        ]

    def bill_a_ticket(self) -> None:
        """Let there be a ticket with an estimate, an invoice, a payment and a credit note."""
        ticket = self.ticket(vin="1HGCM82633A004352", odometer=5)
        self.new(f"{ticket}/parts", {"part_id": 1, "quantity": 1})
        other = self.new(f"{ticket}/jobs", {"title": "Wipers"})["id"]
        fee = {"kind": "fee", "description": "Disposal", "quantity": 1, "unit_price": 3.5}
        self.new(f"{ticket}/charges", fee | {"job_id": other})
        jobs = [job["id"] for job in self.new(f"{ticket}/estimates", {})["jobs"]]
        answers = [
            {"job_id": job, "answer": "declined" if job == other else "authorized"} for job in jobs
        ]
        told = {"answers": answers, "person": "Ada", "channel": "in_person"}
        self.new(f"{ticket}/estimates/1/decisions", told)
        assert [200, 200] == self.move(ticket, "in_progress", "completed")
        self.new(f"{ticket}/payments", {"amount": 1, "method": "cash"}, Idempotency_Key="payment")
        invoice = f"/invoices/{self.new(f'{ticket}/invoice', None)['id']}"
        credit = {"all": True, "reason": "Came back"}
        self.new(f"{invoice}/credit_notes", credit, EVE, Idempotency_Key="credit")


def refusal(response: testing.Result) -> tuple[int, str]:
    """Return the status and the code of a problem document."""
    return response.status_code, response.json["code"]


def problem(response: testing.Result) -> tuple[int, list[str]]:
    """Return the status and the pointers of a problem document."""
    return response.status_code, [one["pointer"] for one in response.json["errors"]]


def blockers(response: testing.Result) -> tuple[int, list[str]]:
    """Return the status and the codes of what blocks a transition."""
    return response.status_code, [one["code"] for one in response.json["blockers"]]
