"""Requests of the people of a shop."""

from typing import Any

from attrs import field, frozen
from falcon import testing

from tests.integration.apps import BOB, AppClient


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
        """Return what a GET answers with 200."""
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


def refusal(response: testing.Result) -> tuple[int, str]:
    """Return the status and the code of a problem document."""
    return response.status_code, response.json["code"]


def problem(response: testing.Result) -> tuple[int, list[str]]:
    """Return the status and the pointers of a problem document."""
    return response.status_code, [one["pointer"] for one in response.json["errors"]]


def blockers(response: testing.Result) -> tuple[int, list[str]]:
    """Return the status and the codes of what blocks a transition."""
    return response.status_code, [one["code"] for one in response.json["blockers"]]
