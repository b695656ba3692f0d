"""Routes: the path of a resource and its operations."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from mechanic_http.endpoint.operation import METHODS, Operation, operation_of


@frozen
class Route:
    """A path, the class of its resource, and aliases that OpenAPI does not list."""

    template: str
    resource: Callable[[Any], object]
    aliases: tuple[str, ...] = ()

    @property
    def operations(self) -> dict[str, Operation]:
        """The operations by HTTP method; raises `TypeError` for a method without a policy."""
        methods = {name: getattr(self.resource, f"on_{name.lower()}", None) for name in METHODS}
        return {name: operation_of(method) for name, method in methods.items() if method}

    @property
    def templates(self) -> tuple[str, ...]:
        """Falcon's URI templates: path and aliases, also with `service-tickets`."""
        paths = (self.template, *self.aliases)
        dashed = (path.replace("service_tickets", "service-tickets") for path in paths)
        return tuple(dict.fromkeys(path.replace("_id}", "_id:id}") for path in (*paths, *dashed)))
