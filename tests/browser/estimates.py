"""An estimate of the demo shop as a customer gets it, by a link."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from attrs import frozen

from mechanic_shop.demo.people import MANAGER, PASSWORD
from tests.integration.programs import Program, ask

SHOP: Final = "Springfield Motors"
PROFILE: Final = {
    "name": SHOP,
    "address": "742 Evergreen Terrace\nSpringfield, OR 97477",
    "phone": "+1-555-0100",
    "email": "desk@springfield.example",
    "registration": "Automotive repair dealer ARD00123456",
    "tax_rates": [
        {"tax_class": "parts", "authority": "State of Oregon", "percent": 4.5},
        {"tax_class": "parts", "authority": "City of Springfield", "percent": 1.25},
    ],
    "supplies_fee": {"percent": 5, "of": ["labor"], "cap": 35},
    "disclosures": [
        "Replaced parts are returned on request.",
        "You will be asked before work that costs more than this estimate is done.",
    ],
}
FIRST_ZONE, LAST_ZONE = "Etc/GMT-14", "Etc/GMT+12"
"""Where a day begins first and last: it is never the same day there."""

VEHICLE: Final = {"make": "Honda", "model": "Accord", "year": 2003, "plate": "7ABC123"}


@frozen
class Desk:
    """The manager of a running shop."""

    shop: Program
    token: str

    @classmethod
    def of(cls, shop: Program) -> "Desk":
        """Log in as the manager."""
        credentials = {"email": MANAGER, "password": PASSWORD}
        with closing(shop.connection()) as connection:
            answer = ask(connection, "POST", "/mechanics/login", credentials)
        return cls(shop, str(answer.body["token"]))

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Return what is answered with success."""
        with closing(self.shop.connection()) as connection:
            answer = ask(connection, method, path, body, self.token)
        assert answer.status in (200, 201), answer.body
        return answer.body

    def ticket(self) -> str:
        """Open a ticket with three jobs; return its path."""
        self.send("PATCH", "/shop", PROFILE)
        customer = self.send("GET", "/customers?per_page=1")["items"][0]["id"]
        vehicle = self.send("POST", "/vehicles", {"customer_id": customer, **VEHICLE})["id"]
        draft = {"customer_id": customer, "vehicle_id": vehicle, "description": "Grinds"}
        path = f"/service_tickets/{self.send('POST', '/service_tickets', draft)['id']}"
        for title, parts, hours in (
            ("Front brakes", (("Brake pads, front axle, ceramic", 1), ("Brake disc", 2)), 1.5),
            ("Oil service", (("Engine oil 5W-30, liter", 4.5),), 0.5),
            ("Find the noise from the rear left wheel", (), 1),
        ):
            job = self.send("POST", f"{path}/jobs", {"title": title})["id"]
            self._fill(path, job, parts, hours)
        fleet = {"scope": "parts", "percent": 7.5, "reason": "Fleet customer"}
        self.send("PUT", f"{path}/discounts", {"items": [fleet]})
        return path

    def _fill(
        self, path: str, job: int, parts: tuple[tuple[str, float], ...], hours: float
    ) -> None:
        for name, quantity in parts:
            stock = {"name": name, "price": 64.99, "quantity": 20}
            part = self.send("POST", "/inventory", stock)["id"]
            line = {"part_id": part, "quantity": quantity, "job_id": job}
            self.send("POST", f"{path}/parts", line)
        labor = {"description": "Work", "hours": hours, "rate": 120, "job_id": job}
        self.send("POST", f"{path}/labor", labor)

    def link(self, ticket: str, **estimate: object) -> str:
        """Make an estimate of all jobs, and return the address of a link to it."""
        until = datetime.now(UTC).date() + timedelta(days=14)
        note = "The discs are below their least thickness.\nWe can do all of it tomorrow."
        form = {"valid_until": f"{until}", "note": note, **estimate}
        number = self.send("POST", f"{ticket}/estimates", form)["number"]
        return self.again(ticket, number)

    def expired_link(self, ticket: str) -> str:
        """Return the address of a link to an estimate whose last day is over."""
        self.send("PATCH", "/shop", {"time_zone": LAST_ZONE})
        url = self.link(ticket, valid_until=f"{datetime.now(ZoneInfo(LAST_ZONE)).date()}")
        self.send("PATCH", "/shop", {"time_zone": FIRST_ZONE})
        return url

    @property
    def customer(self) -> str:
        """The name of the customer whose tickets these are."""
        return str(self.send("GET", "/customers?per_page=1")["items"][0]["name"])

    def again(self, ticket: str, number: int) -> str:
        """Return the address of a new link to an estimate."""
        url = self.send("POST", f"{ticket}/estimates/{number}/links")["url"]
        return f"{self.shop.url}{url}"
