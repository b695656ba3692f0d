"""Settings about the proxy or load balancer before the shop."""

from typing import Annotated, TypeAlias

from mechanic_shop.settings.parsers import NETWORK, PREFIX, Network, list_of, whole_number
from mechanic_shop.settings.variables import Variable

TrustedProxies: TypeAlias = Annotated[
    tuple[Network, ...],
    Variable(
        "Proxies whose `X-Forwarded-*` is trusted; never a network that has clients in it",
        list_of(NETWORK),
    ),
]

RootPath: TypeAlias = Annotated[
    str,
    Variable(
        "Path prefix that a proxy removes, and every answered address begins with; a trusted "
        "proxy's `X-Forwarded-Prefix` takes precedence",
        PREFIX,
        "none",
    ),
]

DrainSeconds: TypeAlias = Annotated[
    int,
    Variable(
        "Seconds after SIGTERM in which `/readyz` answers 503 and requests are still served, so "
        "that a load balancer sends new ones elsewhere before the port is closed",
        whole_number(0, 300),
    ),
]
