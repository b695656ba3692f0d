"""The shelves as they should be: parts and their ledgers in plain dictionaries.

Written from section 7 of the contract, without a look at the core.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

Fields = dict[str, Any]
Hold = tuple[int, int]
Wanted = Sequence[tuple[str, str, int]]

FREE: Final[Hold] = (0, 0)
RESERVED: Final[Hold] = (0, 1)
USED: Final[Hold] = (-1, 0)
"""What one unit on a ticket's line means to (on hand, reserved)."""

_KINDS: Final = {(0, 1): "reserve", (0, -1): "release", (-1, -1): "consume", (1, 1): "restore"}


class Refusal(Exception):
    """The shop should say no, with this code and these facts."""

    def __init__(self, code: str, **facts: object) -> None:
        """Remember what the refusal should look like."""
        super().__init__(code)
        self.code, self.facts = code, facts


class InventoryModel:
    """Parts by name: p1, p2 and so on, in the order in which they came."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.parts: dict[str, Fields] = {}
        self.heard: list[str] = []

    def add(self, by: str, sku: str, price: int, quantity: int, reorder: int) -> Fields:
        """Put a new part on the shelf."""
        if any(part["sku"] == sku and not part["archived"] for part in self.parts.values()):
            raise Refusal("sku-taken")
        key = f"p{len(self.parts) + 1}"
        self.parts[key] = {
            "part": key,
            "sku": sku,
            "name": f"Part at {price}",
            "price": price,
            "on_hand": 0,
            "reserved": 0,
            "reorder": reorder,
            "archived": False,
            "version": 1,
            "ledger": [],
        }
        if quantity:
            self._write(key, "receive", (quantity, 0), by)
        return self.shown(key)

    def get(self, key: str) -> Fields:
        """Return a part that is still sold."""
        if self.parts[key]["archived"]:
            raise Refusal("part-not-found")
        return self.parts[key]

    def must_have(self, key: str, quantity: int) -> None:
        """Refuse where less than *quantity* is available."""
        part = self.parts[key]
        available = part["on_hand"] - part["reserved"]
        if quantity > available:
            raise Refusal("insufficient-stock", part_id=key, available=Decimal(available) / 1000)

    def move(self, by: str, key: str, kind: str, quantity: int, note: str | None) -> Fields:
        """Receive, return, scrap or count a part by hand; return the movement."""
        part = self.get(key)
        if kind == "count":
            if quantity < part["reserved"]:
                raise Refusal("count-below-reserved", reserved=Decimal(part["reserved"]) / 1000)
            change = quantity - part["on_hand"]
        else:
            change = -quantity if kind == "scrap" else quantity
            self.must_have(key, -change)
        self._touch([key], lambda: self._write(key, kind, (change, 0), by, note=note))
        return self.shown_movements(key)[-1]

    def change(self, by: str, key: str, price: int, reorder: int, quantity: int | None) -> Fields:
        """Change a part's price, name and reorder point, and count it; unless all is so already."""
        part = self.get(key)
        if quantity is not None and quantity < part["reserved"]:
            raise Refusal("count-below-reserved", reserved=Decimal(part["reserved"]) / 1000)

        said = {"price": price, "name": f"Part at {price}", "reorder": reorder}
        counted = quantity not in (None, part["on_hand"])

        def change() -> None:
            part.update(said)
            if counted:
                self._write(key, "count", ((quantity or 0) - part["on_hand"], 0), by)

        if counted or part != part | said:
            self._touch([key], change)
        return self.shown(key)

    def archive(self, key: str) -> None:
        """Take a part out of the lists."""
        part = self.get(key)
        if part["reserved"]:
            raise Refusal("part-reserved", reserved=Decimal(part["reserved"]) / 1000)
        part["archived"] = True
        part["version"] += 1

    def shift(self, by: str, ticket: str, lines: Wanted, ends: tuple[Hold, Hold]) -> None:
        """Move the parts of ticket lines from one way of being held to another."""
        (here, promised), (there, still) = ends
        change = (there - here, still - promised)
        if change == FREE or not lines:
            return

        def each() -> None:
            for line, key, quantity in lines:
                scaled = (change[0] * quantity, change[1] * quantity)
                self._write(key, _KINDS[change], scaled, by, ticket=ticket, line=line)

        self._touch(list(dict.fromkeys(key for _, key, _ in lines)), each)

    def shown(self, key: str) -> Fields:
        """Return a part as people see it."""
        part = self.parts[key]
        return {name: part[name] for name in part if name not in ("ledger", "archived")}

    def shown_movements(self, key: str) -> list[Fields]:
        """Return a part's ledger as people see it."""
        return list(self.parts[key]["ledger"])

    def _touch(self, keys: Sequence[str], change: Callable[[], None]) -> None:
        """Change parts within one transaction: each has one new version, and may become low."""
        before = {key: self._is_low(key) for key in keys}
        change()
        for key in keys:
            self.parts[key]["version"] += 1
            if self._is_low(key) and not before[key]:
                self.heard.append(key)

    def _is_low(self, key: str) -> bool:
        part = self.parts[key]
        low: bool = part["on_hand"] - part["reserved"] <= part["reorder"]
        return low

    def _write(self, key: str, kind: str, change: Hold, by: str, **why: str | None) -> None:
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
