"""The requests of `benchmarks.scale`: reads whose cost must not grow with the data."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor, Role, SessionId
from mechanic_http.endpoint.pagination import CursorSigner, cursor_scope

Size: TypeAlias = Mapping[str, int]
Request: TypeAlias = tuple[str, Actor]

STAFF: Final = Actor(Role.MECHANIC, 2, SessionId("b" * 43))
VARIANTS: Final = 40
HEAVY: Final = 3
"""The first customers own 500 tickets each, in every data set."""

YEAR: Final = "from=2022-01-01&to=2022-12-31"
UNALIGNED_YEARS: Final = "from=2020-02-03&to=2025-05-20"
DAY: Final = "from=2022-06-15&to=2022-06-15"


@frozen
class Read:
    """One read: requests of similar cost; *flat* if its growth has a goal."""

    name: str
    requests: tuple[Request, ...]
    flat: bool = True


@frozen
class Reads:
    """Every read, for a shop of one size."""

    size: Size
    cursors: CursorSigner

    def all(self) -> Iterator[Read]:
        """Yield all reads: first those with a goal, last the most expensive ones."""
        yield from self._named()
        yield from self._others()
        yield from self._heaviest()

    def _named(self) -> Iterator[Read]:
        last = self.size["customers"] - 100
        yield self._each("one part", "parts", lambda i: f"/inventory/{i}")
        yield _by_staff("customers, first page", "/customers")
        yield _by_staff("customers, first page with total", "/customers?include_total=true")
        yield _by_staff("customers, cursor after 20 rows", self._page_after(20))
        yield _by_staff("customers, cursor after all but 100", self._page_after(last))
        yield _by_staff("inventory, first page", "/inventory")
        yield _by_staff("inventory, first page with total", "/inventory?include_total=true")
        yield _by_staff("inventory, low stock", "/inventory?low_stock=true&per_page=1")
        yield _by_staff("leaderboard, 10", "/mechanics/leaderboard")
        yield _by_staff("leaderboard, 100", "/mechanics/leaderboard?limit=100")
        yield _by_staff("leaderboard, one year", f"/mechanics/leaderboard?{YEAR}")
        yield self._own("my tickets, 3 of a few", "/my-tickets?per_page=3", few=True)
        yield self._own("my tickets, 5 of 500", "/my-tickets?per_page=5")
        yield self._own("my tickets, 100 of 500", "/my-tickets?per_page=100")
        yield self._each("one ticket", "tickets", lambda i: f"/service_tickets/{i}")
        customers = range(self.size["customers"] // 10, self.size["customers"])
        numbers = random.Random(7).sample(customers, VARIANTS)  # noqa: S311 - no secret
        requests = tuple((f"/customers?q=customer{i}%40", STAFF) for i in numbers)
        yield Read("customers, search by e-mail", requests)  # finds one to eleven

    def _others(self) -> Iterator[Read]:
        yield self._each("one customer", "customers", lambda i: f"/customers/{i}")
        yield self._each("one vehicle", "tickets", lambda i: f"/vehicles/{i}")
        yield self._each(
            "a vehicle's tickets", "tickets", lambda i: f"/vehicles/{i}/service_tickets"
        )
        yield self._each("history", "tickets", lambda i: f"/service_tickets/{i}/history")
        yield self._each("transitions", "tickets", lambda i: f"/service_tickets/{i}/transitions")
        yield self._each("movements, 4", "parts", lambda i: f"/inventory/{i}/movements?per_page=4")
        yield _by_staff("mechanics, first page", "/mechanics")
        yield _by_staff("vehicles, first page with total", "/vehicles?include_total=true")
        yield _by_staff("tickets, first page", "/service_tickets")

    def _heaviest(self) -> Iterator[Read]:
        parts, customers = self.size["parts"], self.size["customers"]
        yield Read("my tickets, 5 of 500, with total", _WITH_TOTAL, flat=False)
        for name, path in {
            "leaderboard, one day": f"/mechanics/leaderboard?{DAY}",
            "leaderboard, five unaligned years": f"/mechanics/leaderboard?{UNALIGNED_YEARS}",
            "customers, search matching all": "/customers?q=customer",
            "customers, search matching the last": f"/customers?q=customer%20{customers}",
            "customers, search matching all, with total": "/customers?q=cust&include_total=true",
            "inventory, page 500": "/inventory?page=50&per_page=20",
            "inventory, search matching all, with total": "/inventory?q=part&include_total=true",
            "inventory, search matching the last": f"/inventory?q=part%20{parts}",
            "inventory, stock above the reorder point": "/inventory?low_stock=false&include_total=true",
            "customers, page 500": "/customers?page=500",
            "tickets, page 500": "/service_tickets?page=500",
            "tickets, first page with total": "/service_tickets?include_total=true",
            "tickets, closed": "/service_tickets?status=closed",
            "tickets, closed, with total": "/service_tickets?status=closed&include_total=true",
            "tickets, cancelled (none)": "/service_tickets?status=cancelled",
            "tickets, one year, with total": f"/service_tickets?{YEAR}&include_total=true",
            "tickets, one day": f"/service_tickets?{DAY}",
            "tickets, one day, closed": f"/service_tickets?{DAY}&status=closed",
            "tickets, unaligned years": f"/service_tickets?{UNALIGNED_YEARS}",
            "tickets of the busiest mechanic": "/service_tickets?mechanic_id=1",
            "the same, with total": "/service_tickets?mechanic_id=1&include_total=true",
            "the same on one day": f"/service_tickets?mechanic_id=1&{DAY}",
            "the same, cancelled (none)": "/service_tickets?mechanic_id=1&status=cancelled",
        }.items():
            yield _by_staff(name, path, flat=False)
        yield Read(
            "worked by the busiest mechanic, with total", _worked("include_total=true"), flat=False
        )
        yield Read("worked by the busiest mechanic, one day", _worked(DAY), flat=False)

    def _each(self, name: str, noun: str, path: Callable[[int], str]) -> Read:
        """Return a read of random rows."""
        count = self.size[noun]
        ids = random.Random(7).sample(range(1, count + 1), VARIANTS)  # noqa: S311 - no secret
        return Read(name, tuple((path(i), STAFF) for i in ids))

    def _own(self, name: str, path: str, *, few: bool = False) -> Read:
        """Return a read by customers: those with a few tickets, or those with 500."""
        heavy = range(1, HEAVY + 1)
        usual = range(HEAVY + 1, self.size["customers"] + 1)
        ids = random.Random(7).sample(usual, VARIANTS) if few else heavy  # noqa: S311 - no secret
        customers = (Actor(Role.CUSTOMER, i, SessionId("b" * 43)) for i in ids)
        return Read(name, tuple((path, customer) for customer in customers))

    def _page_after(self, after: int) -> str:
        """Return the address of the page after the row *after*."""
        scope = cursor_scope("/customers", STAFF_ONLY, STAFF, (), ())
        return f"/customers?cursor={self.cursors.sign(scope, after)}"


_OWNER: Final = Actor(Role.CUSTOMER, 1, SessionId("b" * 43))
_WITH_TOTAL: Final = (("/my-tickets?per_page=5&include_total=true", _OWNER),)


def _by_staff(name: str, path: str, *, flat: bool = True) -> Read:
    return Read(name, ((path, STAFF),), flat)


def _worked(query: str) -> tuple[Request, ...]:
    manager = Actor(Role.MANAGER, 1, SessionId("b" * 43))
    return ((f"/mechanics/1/worked?{query}", manager),)
