"""A mirror of the shop: a snapshot of its profile and all lists, and then the subjects of all events."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from typing import Any, Final

from attrs import define, field

from tests.faults.shop_processes import Client

LISTS: Final = (
    *("/customers", "/vehicles", "/mechanics", "/inventory", "/service_tickets"),
    *("/recommendations", "/invoices", "/payments"),
)
BELOW: Final = {"/service_tickets": "estimates", "/invoices": "credit_notes"}
"""What is listed for each thing of a list alone: there is no list of all."""

SHOP: Final = "/shop"
NEWEST: Final = 2**63 - 1
"""A position behind which there is no event yet."""

CONTACTS: Final = ("name", "email", "phone")


class NotFound(Exception):
    """There is nothing at a path."""


@define(eq=False)
class Mirror:
    """Things by path, as far as the events up to *last* tell."""

    client: Client
    things: dict[str, Any] = field(factory=dict)
    events: list[Any] = field(factory=list)
    contacts: dict[str, set[str]] = field(factory=dict)
    """Every name, e-mail address and phone number that a customer was seen with, by path."""
    first: int = 0
    last: int = 0

    def read_snapshot(self) -> None:
        """Note the newest position; then read the profile, and all lists in pages by cursor."""
        self.first = self.last = self.get(f"/events?after={NEWEST}")["last"]
        self._put(SHOP, self.get(SHOP))
        for path, query in (*((path, "") for path in LISTS), ("/inventory", "&archived=true")):
            for thing in self.items_of(path, query):
                self._put(f"{path}/{thing['id']}", thing)
                for address, one in self.below(path, thing["id"]):
                    self._put(address, one)

    def follow(self, resting: Callable[[], bool]) -> None:
        """Apply events until there are none left after the writers are *resting*."""
        while True:
            rested = resting()
            feed = self.get(f"/events?after={self.last}&limit=100&include=subjects&wait=1")
            for path, thing in feed["subjects"].items():
                self._put(path, thing)
            self.events += feed["items"]
            self.last = feed["last"]
            if rested and not feed["items"]:
                return

    def joined(self) -> dict[str, Any]:
        """Return all things with the present names of mechanics."""
        for thing in self.things.values():
            written = (one.get("by") for one in (thing, *thing.get("refunds", ())))
            staff = [by for by in written if by and by["role"] in ("mechanic", "manager")]
            for mechanic in (*thing.get("mechanics", ()), *staff):
                mechanic["name"] = self.things[f"/mechanics/{mechanic['id']}"]["name"]
        return self.things

    def below(self, path: str, number: int) -> Iterator[tuple[str, Any]]:
        """Yield what is listed for one thing of a list alone, with the addresses.

        What was deleted since its list was read had nothing below it.
        """
        if path not in BELOW:
            return
        address = f"{path}/{number}/{BELOW[path]}"
        items: list[Any] = []
        with suppress(NotFound):
            items = self.items_of(address, "")
        for one in items:
            own = f"/credit_notes/{one['id']}" if "id" in one else f"{address}/{one['number']}"
            yield own, one

    def get(self, path: str) -> Any:
        """Return the body of a GET, sent again when the server's process has been killed.

        Raises `NotFound` where there is nothing at the path.
        """
        while True:
            try:
                answer = self.client.ask("GET", path)
            except (OSError, HTTPException):
                continue
            if answer.status == 404:
                raise NotFound(path)
            assert answer.status == 200, answer
            return answer.body

    def items_of(self, path: str, query: str) -> list[Any]:
        """Return the items of all pages of a list."""
        items: list[Any] = []
        cursor = ""
        while True:
            page = self.get(f"{path}?per_page=100{query}{cursor}")
            items += page["items"]
            if not page["next_cursor"]:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    def _put(self, path: str, thing: Any) -> None:
        if thing == {"deleted": True}:
            self.things.pop(path, None)
            return
        self.things[path] = thing
        if path.startswith("/customers/"):
            seen = {thing[name] for name in CONTACTS if thing[name]}
            self.contacts[path] = self.contacts.get(path, set()) | seen
