"""The shop's requests for each scenario of the benchmark, and the checks of its responses.

Where the shop's API differs from the peers', the request is an equivalent one: only staff list
customers, totals are optional, prices are exact decimals, and tickets are paginated.
"""

# ruff: noqa: ARG002 - every scenario has the same parameters

import json
import random
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.peers import Peers
from benchmarks.targets import (
    MECHANIC,
    MOST_STANDINGS,
    TICKET_PAGE,
    Check,
    Make,
    Row,
    bearer,
    json_of,
)
from mechanic_core.access import STAFF_ONLY, Actor, Role
from mechanic_http.endpoint.pagination import CursorSigner, cursor_scope

_JSON: Final = {"Content-Type": "application/json"}


def scenarios(peers: Peers) -> dict[str, tuple[Make, Check]]:
    """Return the request generators and the checks by scenario name."""
    ours = ShopScenarios(peers)
    names = (
        *("customers_first", "customers_keyset", "leaderboard", "inventory_list", "inventory_get"),
        *("my_tickets_5", "my_tickets_500", "inventory_post", "inventory_put", "ticket_edit"),
    )
    return {name: (getattr(ours, name), getattr(ours, f"check_{name}")) for name in names}


class ShopScenarios:
    """The requests, each named after its scenario, and the checks."""

    def __init__(self, peers: Peers) -> None:
        """Use the request class and the helpers of the harness."""
        self._request = peers.scenarios.Request
        self._parsed = peers.scenarios.parsed
        self._same = peers.scenarios.same
        self._theirs = peers.scenarios

    def customers_first(self, data: Any, target: Any) -> Iterator[Any]:
        """Request the first page with its total."""
        path = f"/customers?page=1&per_page={self._theirs.PER_PAGE}&include_total=true"
        yield self._request("GET", path, bearer(target), about=(0, True))

    def check_customers_first(self, data: Any, request: Any, status: int, body: bytes) -> None:
        """Check as for the peers, and that only public fields are present."""
        self._theirs.check_customers(data, request, status, body)

    def customers_keyset(self, data: Any, target: Any) -> Iterator[Any]:
        """Request a page by cursor, after four fifths of all rows."""
        after = data.size["customers"] * 4 // 5
        path = f"/customers?per_page={self._theirs.PER_PAGE}&cursor={_cursor(target, after)}"
        yield self._request("GET", path, bearer(target), about=(after, False))

    check_customers_keyset = check_customers_first

    def leaderboard(self, data: Any, target: Any) -> Iterator[Any]:
        """Request as many standings as the shop returns."""
        yield self._request("GET", f"/mechanics/leaderboard?limit={MOST_STANDINGS}")

    def check_leaderboard(self, data: Any, request: Any, status: int, body: bytes) -> None:
        """Check the order (tickets, then name) and that equal counts share a rank."""
        rows = data.rows(
            "SELECT rank() OVER (ORDER BY count(t.ticket_id) DESC), m.id, m.name,"
            " count(t.ticket_id) AS n FROM mechanics m LEFT JOIN ticket_mechanics t"
            ' ON t.mechanic_id = m.id GROUP BY m.id ORDER BY n DESC, m.name COLLATE "C" LIMIT %s',
            MOST_STANDINGS,
        )
        items = self._parsed(status, body)["items"]
        got = [(one["rank"], one["id"], one["name"], one["tickets"]) for one in items]
        self._same(got, rows, "leaderboard")

    def inventory_list(self, data: Any, target: Any) -> Iterator[Any]:
        """Request the first page with its total."""
        path = f"/inventory?page=1&per_page={self._theirs.PER_PAGE}&include_total=true"
        yield self._request("GET", path)

    def check_inventory_list(self, data: Any, request: Any, status: int, body: bytes) -> None:
        """Check as for the peers."""
        self._theirs.check_parts(data, request, status, body)

    def inventory_get(self, data: Any, target: Any) -> Iterator[Any]:
        """Request one part."""
        yield from self._theirs.part(data, target)

    def check_inventory_get(self, data: Any, request: Any, status: int, body: bytes) -> None:
        """Check the part; the peers' stock is the available quantity here."""
        i, part = request.about, self._parsed(status, body)
        expected = (i, f"Part {i}", f"SKU-{i:08}", 100 + i * 7919 % 100000, i * 31 % 500)
        self._same((*_part(part), part["available"]), expected, "part")

    def my_tickets_5(self, data: Any, target: Any) -> Iterator[Any]:
        """Request all tickets of a customer with few."""
        yield from self._theirs.few_tickets(data, target)

    def check_my_tickets_5(self, data: Any, request: Any, status: int, body: bytes) -> None:
        """Check all tickets, with mechanics and parts."""
        self._theirs.check_tickets(
            data, request, status, _in_form_of_peers(self._parsed(status, body))
        )

    def my_tickets_500(self, data: Any, target: Any) -> Iterator[Any]:
        """Request a page of the tickets of a customer with many."""
        customer = target.heavy_customer()
        path = f"/my-tickets?per_page={TICKET_PAGE}"
        yield self._request("GET", path, bearer(target, customer), about=customer)

    def check_my_tickets_500(self, data: Any, request: Any, status: int, body: bytes) -> None:
        """Check the newest tickets, with mechanics and parts."""
        document = self._parsed(status, body)
        got = [
            (t["id"], t["vin"], sorted(m["id"] for m in t["mechanics"]), _lines(t))
            for t in document["items"]
        ]
        rows = data.rows(
            "SELECT s.id, s.vin,"
            " ARRAY(SELECT mechanic_id FROM ticket_mechanics WHERE ticket_id = s.id ORDER BY 1),"
            " ARRAY(SELECT ARRAY[part_id, quantity] FROM ticket_parts WHERE ticket_id = s.id"
            " ORDER BY part_id) FROM service_tickets s WHERE customer_id = %s"
            " ORDER BY s.id DESC LIMIT %s",
            *(request.about, TICKET_PAGE),
        )
        expected = [(*row[:3], [tuple(line) for line in row[3]]) for row in rows]
        self._same(got, expected, "tickets")

    def inventory_post(self, data: Any, target: Any) -> Iterator[Any]:
        """Create a part, as staff."""
        sku = f"NEW-{target.run}-@@@@@@@@"
        body = {"name": "Brake pad", "sku": sku, "price": 45.99, "quantity": 12}
        yield self._request("POST", "/inventory", _JSON | bearer(target), json_of(body))

    def check_inventory_post(self, data: Any, request: Any, status: int, body: bytes) -> None:
        """Check the stored part and its ledger."""
        sent, part = json.loads(request.body), self._parsed(status, body, 200, 201)
        stored = data.shop.execute(
            "SELECT p.sku, p.name, p.price, p.quantity, sum(on_hand_change)::bigint FROM parts p"
            " LEFT JOIN stock_movements m ON m.part_id = p.id WHERE p.id = %s GROUP BY p.id",
            (part["id"],),
        ).fetchone()
        quantity = sent["quantity"]
        price = round(sent["price"] * 100)
        expected = (sent["sku"], sent["name"], price, quantity * 1000, quantity * 1000)
        self._same(stored, expected, "stored part")
        answered = (part["sku"], part["name"], round(part["price"] * 100), part["quantity"])
        self._same(answered, (*expected[:3], quantity), "answered part")

    def inventory_put(self, data: Any, target: Any) -> Iterator[Any]:
        """Replace price and quantity; the quantity is never below what is reserved."""
        ids = random.Random(2).sample(range(1, data.size["parts"] + 1), self._theirs.VARIANTS)  # noqa: S311 - the same sample as the peers'
        reserved = dict(
            data.shop.execute(
                "SELECT id, reserved FROM parts WHERE id = ANY(%s)", (ids,)
            ).fetchall()
        )
        for n, i in enumerate(ids):
            sku, quantity = f"SKU-{i:08}", reserved[i] // 1000 + n % 90
            body = {
                "name": f"Part {i}",
                "sku": sku,
                "price": round(10 + n / 100, 2),
                "quantity": quantity,
            }
            yield self._request("PUT", f"/inventory/{i}", _JSON | bearer(target), json_of(body))

    check_inventory_put = check_inventory_post

    def ticket_edit(self, data: Any, target: Any) -> Iterator[Any]:
        """Add one mechanic to each ticket and remove another, then the reverse."""
        headers = _JSON | bearer(target)
        count = data.size["mechanics"]
        for repetition in (0, 1):
            for ticket in data.changeable_tickets():
                pair = (1 + ticket % count, 1 + (ticket + 3) % count)
                added, removed = pair if repetition == 0 else pair[::-1]
                body = json_of({"add_ids": [added], "remove_ids": [removed]})
                path, about = f"/service_tickets/{ticket}/edit", (added, removed)
                yield self._request("PUT", path, headers, body, about=about)

    def check_ticket_edit(self, data: Any, request: Any, status: int, body: bytes) -> None:
        """Check as for the peers, and that database and response agree."""
        self._theirs.check_edit(data, request, status, body)
        ticket = json.loads(body)
        rows = data.shop.execute(
            "SELECT mechanic_id FROM ticket_mechanics WHERE ticket_id = %s", (ticket["id"],)
        )
        stored = sorted(row[0] for row in rows)
        self._same(sorted(m["id"] for m in ticket["mechanics"]), stored, "mechanics")


def _part(part: Row) -> tuple[Any, ...]:
    return part["id"], part["name"], part["sku"], round(part["price"] * 100)


def _lines(ticket: Row) -> list[tuple[int, int]]:
    return sorted((line["part_id"], line["quantity"]) for line in ticket["parts"])


def _in_form_of_peers(document: Row) -> bytes:
    """Return tickets as the peers' check expects them: the id of a line is that of its part."""
    for ticket in document["items"]:
        ticket["parts"] = [{"id": one, "quantity": quantity} for one, quantity in _lines(ticket)]
    return json.dumps(document).encode()


def _cursor(target: Any, after: int) -> str:
    """Return the shop's cursor for the page after the row *after*."""
    scope = cursor_scope("/customers", STAFF_ONLY, Actor(Role.MECHANIC, MECHANIC), (), ())
    return CursorSigner(target.secret.encode()).sign(scope, after)
