"""Whether the shop is up: for whoever restarts it, and for whoever sends it requests."""

from typing import final

from attrs import frozen
from falcon import Request, Response

from mechanic_http.json import codec
from mechanic_http.ports import Ready


@final
@frozen
class Alive:
    """`GET /healthz`: the process answers."""

    def on_get(self, _: Request, resp: Response) -> None:
        """Answer."""
        _tell(resp, 200, {"status": "ok"})

    on_head = on_get


@final
@frozen
class ReadyToServe:
    """`GET /readyz`: what requests need is there."""

    ready: Ready

    def on_get(self, _: Request, resp: Response) -> None:
        """Tell what was looked at; 503 where requests would fail."""
        found = self.ready()
        status = "ready" if found.ready else "not-ready"
        _tell(resp, 200 if found.ready else 503, {"status": status, **found.checks})

    on_head = on_get


def _tell(resp: Response, status: int, told: dict[str, str]) -> None:
    resp.status = status
    resp.content_type = "application/json"
    resp.cache_control = ["no-store"]
    resp.data = codec.dumps(told)
