"""The document against the whole application, as it is served."""

from pathlib import Path

from falcon import App
from falcon.inspect import inspect_routes

from mechanic_http.openapi.document import document
from mechanic_http.resources.documents import ASSETS
from mechanic_http.routes import DOCUMENTED
from mechanic_shop.settings import Settings
from mechanic_shop.wiring import open_application


def test_has_every_route_and_no_other(tmp_path: Path) -> None:
    """
    The document's paths are the application's routes, both ways; aliases are left out.
    """
    aliases = {
        address.replace(":id}", "}")
        for route in DOCUMENTED
        for address in route.addresses
        if address.replace(":id}", "}") != route.template
    }
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'shop.db'}", secret_key="s" * 32)
    with open_application(settings) as application:
        assert isinstance(application, App)
        routes = {route.path.replace(":id}", "}") for route in inspect_routes(application)}

    assert routes - aliases - {path for path, _ in ASSETS} == set(document()["paths"])
