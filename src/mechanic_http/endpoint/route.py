"""Routes: the path of a resource and its operations."""

import re
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from mechanic_http.endpoint.operation import METHODS, Operation, operation_of

NUMBER: Final = re.compile(r"{(\w+_id|number)}")
"""A parameter of a path that is a positive integer."""


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
        return tuple(dict.fromkeys(NUMBER.sub(r"{\1:id}", path) for path in (*paths, *dashed)))
