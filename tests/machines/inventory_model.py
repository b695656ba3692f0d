"""The model of the inventory: parts and their ledgers in plain dictionaries.

It is written from section 7 of the contract, independently of the core.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

Fields = dict[str, Any]
StockEffect = tuple[int, int]
Lines = Sequence[tuple[str, str, int]]

FREE: Final[StockEffect] = (0, 0)
RESERVED: Final[StockEffect] = (0, 1)
USED: Final[StockEffect] = (-1, 0)
"""The effect of one unit on a ticket's line on (on hand, reserved)."""

_KINDS: Final = {(0, 1): "reserve", (0, -1): "release", (-1, -1): "consume", (1, 1): "restore"}


class Refusal(Exception):
    """The refusal that the shop should answer with: its code and its facts."""

    def __init__(self, code: str, **facts: object) -> None:
        """Store the code and the facts."""
        super().__init__(code)
        self.code, self.facts = code, facts


class InventoryModel:
    """Parts by name: p1, p2 and so on, in the order in which they were added."""

    def __init__(self) -> None:
        """Start without parts."""
        self.parts: dict[str, Fields] = {}
        self.low_stock_events: list[str] = []

    def add(self, by: str, sku: str, price: int, quantity: int, reorder: int) -> Fields:
        """Add a part."""
        self._require_free(sku)
        key = f"p{len(self.parts) + 1}"
        self.parts[key] = {
            "part": key,
            "sku": sku,
            "name": f"Part at {price}",
            "price": price,
            "on_hand": 0,
            "reserved": 0,
            "reorder": reorder,
            "unit": "each",
            "archived": False,
            "version": 1,
            "ledger": [],
        }
        if quantity:
            self._write(key, "receive", (quantity, 0), by)
        return self.describe(key)

    def get(self, key: str) -> Fields:
        """Return a part that is not archived."""
        if self.parts[key]["archived"]:
            raise Refusal("part-not-found")
        return self.parts[key]

    def require_available(self, key: str, quantity: int, tickets: Sequence[str] = ()) -> None:
        """Refuse where less than *quantity* is available; name the *tickets* that reserve it."""
        part = self.parts[key]
        available = part["on_hand"] - part["reserved"]
        if quantity > available:
            facts = {"part_id": key, "available": Decimal(available) / 1000} | _named(tickets)
            raise Refusal("insufficient-stock", **facts)

    def move(  # noqa: PLR0913 - a movement, and who reserves the part
        self,
        by: str,
        key: str,
        kind: str,
        quantity: int,
        note: str | None,
        tickets: Sequence[str],
    ) -> Fields:
        """Receive, return, scrap or count a part by hand; return the movement."""
        part = self.get(key)
        if kind == "count":
            _require_reserved(part, quantity, tickets)
            change = quantity - part["on_hand"]
        else:
            change = -quantity if kind == "scrap" else quantity
            self.require_available(key, -change, tickets)
        self._touch([key], lambda: self._write(key, kind, (change, 0), by, note=note))
        return self.describe_movements(key)[-1]

    def change(
        self, by: str, key: str, new: Fields, quantity: int | None, tickets: Sequence[str]
    ) -> Fields:
        """Change a part's fields to *new* ones, and its count; equal values change nothing."""
        part = self.get(key)
        if new["unit"] != part["unit"] and part["ledger"]:
            raise Refusal("unit-in-use", unit=part["unit"])
        if quantity is not None:
            _require_reserved(part, quantity, tickets)
        counted = quantity not in (None, part["on_hand"])

        def change() -> None:
            part.update(new)
            if counted:
                self._write(key, "count", ((quantity or 0) - part["on_hand"], 0), by)

        if counted or part != part | new:
            self._touch([key], change)
        return self.describe(key)

    def archive(self, key: str, tickets: Sequence[str]) -> None:
        """Archive a part that is not on hand; *tickets* are those that may be reopened with it."""
        part = self.get(key)
        if part["on_hand"] or tickets:
            on_hand, reserved = (Decimal(part[name]) / 1000 for name in ("on_hand", "reserved"))
            raise Refusal("part-in-use", on_hand=on_hand, reserved=reserved, ticket_ids=tickets)
        part["archived"] = True
        part["version"] += 1

    def restore(self, key: str) -> Fields:
        """Restore an archived part whose SKU no other part has."""
        part = self.parts[key]
        if part["archived"]:
            self._require_free(part["sku"])
            part["archived"] = False
            part["version"] += 1
        return self.describe(key)

    def shift_stock(
        self, by: str, ticket: str, lines: Lines, effects: tuple[StockEffect, StockEffect]
    ) -> None:
        """Apply the stock movements of lines whose effect on stock changes."""
        (on_hand, reserved), (new_on_hand, new_reserved) = effects
        change = (new_on_hand - on_hand, new_reserved - reserved)
        if change == FREE or not lines:
            return

        def write_each() -> None:
            for line, key, quantity in lines:
                scaled = (change[0] * quantity, change[1] * quantity)
                self._write(key, _KINDS[change], scaled, by, ticket=ticket, line=line)

        self._touch(list(dict.fromkeys(key for _, key, _ in lines)), write_each)

    def describe(self, key: str) -> Fields:
        """Return a part as the shop describes it."""
        part = self.parts[key]
        return {name: part[name] for name in part if name != "ledger"}

    def describe_movements(self, key: str) -> list[Fields]:
        """Return a part's ledger as the shop describes it."""
        return list(self.parts[key]["ledger"])

    def _require_free(self, sku: str) -> None:
        if any(part["sku"] == sku and not part["archived"] for part in self.parts.values()):
            raise Refusal("sku-taken")

    def _touch(self, keys: Sequence[str], change: Callable[[], None]) -> None:
        """Change parts in one transaction: each gets one new version and may become low."""
        before = {key: self._is_low(key) for key in keys}
        change()
        for key in keys:
            self.parts[key]["version"] += 1
            if self._is_low(key) and not before[key]:
                self.low_stock_events.append(key)

    def _is_low(self, key: str) -> bool:
        part = self.parts[key]
        low: bool = part["on_hand"] - part["reserved"] <= part["reorder"]
        return low

    def _write(self, key: str, kind: str, change: StockEffect, by: str, **why: str | None) -> None:
        part = self.parts[key]
        part["on_hand"] += change[0]
        part["reserved"] += change[1]
        entry: Fields = {
            "kind": kind,
            "change": change,
            "after": (part["on_hand"], part["reserved"]),
        }
        entry |= {"by": by, "note": None, "ticket": None, "line": None} | why
        part["ledger"].append(entry)


def _require_reserved(part: Fields, quantity: int, tickets: Sequence[str]) -> None:
    if quantity < part["reserved"]:
        facts = {"reserved": Decimal(part["reserved"]) / 1000} | _named(tickets)
        raise Refusal("count-below-reserved", **facts)


def _named(tickets: Sequence[str]) -> Fields:
    return {"ticket_ids": list(tickets)} if tickets else {}
