"""A process with a shop of 100 tickets that prints what a page of them costs, for `benchmarks.prices`.

It imports only what the former release has too, and fills the shop over HTTP.
"""

# ruff: noqa: T201 - it reports on its standard output

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from benchmarks.layers import SECRET, client, settings_for
from benchmarks.search import backends_of, cpu_time
from benchmarks.sessions import with_session
from mechanic_adapters.sql.migrations import runner
from mechanic_core.access import SYSTEM, Actor, Role
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.wiring.access_tokens import create_tokens
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.shop import open_shop

Request: TypeAlias = Callable[..., Callable[[], Any]]
Ask: TypeAlias = Callable[[str, str, object], Any]

TICKETS: Final = 100
REQUESTS: Final = 5

PARTS: Final = 3
LABOR: Final = {"description": "Front brakes", "hours": 1.25, "rate": 90.1}
FEE: Final = {"kind": "fee", "description": "Disposal", "quantity": 1, "unit_price": 4.5}
CORE: Final = FEE | {"kind": "core", "description": "Core deposit", "unit_price": 45}
DISCOUNTS: Final = {"items": [{"scope": "all", "percent": 2.5, "reason": "Fleet"}]}
PROFILE: Final = {
    "tax_rates": [
        {"tax_class": tax_class, "authority": name, "percent": percent}
        for tax_class in ("parts", "fees", "supplies")
        for name, percent in (("State", 4), ("City", 4.5))
    ],
    "supplies_fee": {"percent": 5, "of": ["labor"], "cap": 50},
}


def main() -> None:
    """Fill the shop at a URL; for each line on stdin print the milliseconds of a request."""
    url, bills = sys.argv[1], "--bills" in sys.argv[2:]
    runner.upgrade(url)
    settings = settings_for(url, CacheType.NULL)
    with open_shop(settings=settings) as shop:
        new = Hiring(name="Bo", email="bo@x.example", password="bo " * 4, role=Role.MANAGER)
        shop.hire_mechanic(SYSTEM, new)
    manager = with_session(url, Actor(Role.MANAGER, 1))
    token = create_tokens(settings, SECRET, utc_now).issue(manager, utc_now())
    with client(settings, token) as request:
        fill(partial(send, request), bills=bills)
        page = request("GET", f"/service_tickets?per_page={TICKETS}")
        page()
        backends = list(backends_of(url))
        for _ in sys.stdin:
            before = cpu_time(backends)
            for _ in range(REQUESTS):
                page()
            print((cpu_time(backends) - before) / REQUESTS / 1e6, flush=True)


def send(request: Request, method: str, path: str, body: object) -> Any:
    """Return what the shop answers."""
    return json.loads(request(method, path, body)())


def fill(ask: Ask, *, bills: bool) -> None:
    """Add tickets with five lines each; *bills* have jobs, charges, discounts and taxes too."""
    if bills:
        ask("PATCH", "/shop", PROFILE)
    ask("POST", "/customers", {"name": "Ada", "email": "ada@x.example"})
    for number in range(PARTS):
        ask("POST", "/inventory", {"name": f"Part {number}", "price": 64.99, "quantity": 1000})
    ticket = {"customer_id": 1, "description": "Squeals when braking", "mechanic_ids": [1]}
    for _ in range(TICKETS):
        path = f"/service_tickets/{ask('POST', '/service_tickets', ticket)['id']}"
        for number in range(PARTS):
            ask("POST", f"{path}/parts", {"part_id": number + 1, "quantity": 1})
        ask("POST", f"{path}/labor", LABOR)
        second = {"job_id": ask("POST", f"{path}/jobs", {"title": "Oil"})["id"]} if bills else {}
        ask("POST", f"{path}/labor", LABOR | {"mechanic_id": 1} | second)
        if bills:
            ask("POST", f"{path}/charges", FEE | second | {"discount": {"percent": 10}})
            ask("POST", f"{path}/charges", CORE)
            ask("PUT", f"{path}/discounts", DISCOUNTS)


if __name__ == "__main__":
    main()
