"""The route table: every path of the shop and its resource, found in `resources`."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Final

from mechanic_http import resources
from mechanic_http.endpoint.route import Route


def _find_routes() -> Iterator[Route]:
    """Yield the `ROUTES` of each module of the package and its rooms."""
    for module in walk_packages(resources.__path__, f"{resources.__name__}."):
        if not module.ispkg:
            yield from import_module(module.name).ROUTES


ROUTES: Final = tuple(sorted(_find_routes(), key=lambda route: route.template))
"""All routes, by path."""
