"""A demo application whose tokens need no login, so that no test can revoke them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Actor, Role
from mechanic_http.app import App, HttpPorts, create_app
from mechanic_http.endpoint.idempotent_replay import IdempotentReplay
from mechanic_http.operators.metrics import MetricsResource
from mechanic_shop.demo.throwaway_shop import fill_shop
from mechanic_shop.observability.metrics import Metrics
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.paper import create_pdf_renderer
from tests.shops import shop_on
from tests.unit.http.shop import SETTINGS, read_token

ACTORS = {
    "anonymous": Actor(),
    "customer": Actor(Role.CUSTOMER, 1),
    "mechanic": Actor(Role.MECHANIC, 2),
    "manager": Actor(Role.MANAGER, 1),
}


@contextmanager
def open_app(url: str) -> Iterator[App]:
    """Open an application on a database with a year of demo data."""
    settings = Settings(database_url=url, secret_key="s" * 32)
    fill_shop(settings, utc_now().replace(microsecond=0))
    with closing(SqlStore.open(url)) as store:
        ports = HttpPorts(
            authenticate=read_token,
            intercept=IdempotentReplay(store.begin, utc_now, b"s" * 32),
            pdf=create_pdf_renderer(),
        )
        metrics = MetricsResource(Metrics().render)
        yield create_app(shop_on(store, utc_now), ports, SETTINGS, [("/metrics", metrics)])
