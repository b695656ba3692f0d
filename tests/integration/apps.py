"""The complete application, opened from settings, and a client that calls it in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from wsgiref.types import WSGIApplication

from attrs import field, frozen
from falcon import testing

from mechanic_adapters.sql.migrations import runner
from mechanic_core.access import SYSTEM, Role
from mechanic_core.customers.customer import Registration
from mechanic_core.inventory.part import PartForm
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Quantity
from mechanic_http.ports import AccessLogEntry
from mechanic_shop.observability.metrics import Metrics
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.application import open_application
from mechanic_shop.wiring.shop import open_shop
from tests.integration.databases import copy_of
from tests.integration.servers import LOOPBACK, PostgresServer
from tests.strategies import sample

PASSWORD: Final = "a horse that nobody knows"
EVE: Final = "eve@shop.example"
BOB: Final = "bob@shop.example"
ADA: Final = "ada@example.com"
CLEO: Final = "cleo@example.com"

WIDE: Final = "1000000/minute"
"""A rate limit that no test reaches."""


@frozen
class AppClient:
    """A client of one instance of the application."""

    application: WSGIApplication
    access_log: list[AccessLogEntry] = field(factory=list)
    metrics: Metrics = field(factory=Metrics)

    def ask(
        self, method: str, path: str, token: str = "", body: Any = None, **headers: str
    ) -> testing.Result:
        """Return the response to a request with *token*."""
        sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent_headers["Authorization"] = f"Bearer {token}"
        sent = {} if body is None else {"json": body}
        path_only, _, query = path.partition("?")
        return testing.simulate_request(
            self.application,
            method,
            path_only,
            query_string=query,
            headers=sent_headers,
            extras={"REMOTE_ADDR": LOOPBACK},
            **sent,
        )

    def get(self, path: str, token: str = "") -> testing.Result:
        """Return the response to a GET."""
        return self.ask("GET", path, token)

    def log_in(self, email: str, **headers: str) -> testing.Result:
        """Return the response to a login; addresses of staff end in `@shop.example`."""
        login_path = "/mechanics/login" if email.endswith("@shop.example") else "/login"
        return self.ask("POST", login_path, body={"email": email, "password": PASSWORD}, **headers)

    def token(self, email: str) -> str:
        """Return an access token."""
        token: str = self.log_in(email).json["token"]
        return token

    def statements(self, path: str, token: str = "") -> int:
        """Return the number of SQL statements that a GET runs."""
        assert self.get(path, token).status_code == 200
        return self.access_log[-1].statements


def settings_for(url: str, **given: Any) -> Settings:
    """Return settings for tests: rate limits are out of reach unless *given*."""
    wide = {f"{name}_rate_limit": WIDE for name in ("global", "login", "static", "write")}
    values = {"database_url": url, "secret_key": "s" * 40, **wide, **given}
    return Settings(**values)


def new_furnished_shop_url(kind: str, folder: Path, postgres: PostgresServer) -> str:
    """Create a shop with Eve, Bob, Ada, Cleo and three parts, and return its URL."""
    return copy_of(_furnish, kind, folder, postgres)


def _furnish(url: str) -> None:
    """Create the shop at *url*."""
    runner.upgrade(url)
    with open_shop(settings=settings_for(url)) as shop:
        for email, role in ((EVE, Role.MANAGER), (BOB, Role.MECHANIC)):
            hiring = sample(Hiring, name=email[:3], email=email, role=role, password=PASSWORD)
            shop.hire_mechanic(SYSTEM, hiring)
        for email in (ADA, CLEO):
            shop.register_customer(
                SYSTEM, sample(Registration, name=email[:4], email=email, password=PASSWORD)
            )
        for sku in ("PAD", "OIL", "RAG"):
            shop.add_part(SYSTEM, sample(PartForm, sku=sku, quantity=Quantity(10_000)))


@contextmanager
def open_client(settings: Settings) -> Iterator[AppClient]:
    """Open one instance of the application and yield its client."""
    access_log: list[AccessLogEntry] = []
    metrics = Metrics()
    with open_application(settings, access_log=access_log.append, metrics=metrics) as application:
        yield AppClient(application, access_log, metrics)
