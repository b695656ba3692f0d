"""Health checks: liveness for a supervisor, readiness for a load balancer."""

from typing import final

from attrs import frozen
from falcon import Request, Response

from mechanic_http.json import codec
from mechanic_http.ports import Ready


@final
@frozen
class LivenessCheck:
    """`GET /healthz`: whether the process is alive."""

    def on_get(self, _: Request, resp: Response) -> None:
        """Respond with 200."""
        _send_json(resp, 200, {"status": "ok"})

    on_head = on_get


@final
@frozen
class ReadinessCheck:
    """`GET /readyz`: whether the dependencies of requests are available."""

    ready: Ready

    def on_get(self, _: Request, resp: Response) -> None:
        """Respond with the result of each check; 503 if requests would fail."""
        readiness = self.ready()
        status = "ready" if readiness.ready else "not-ready"
        _send_json(resp, 200 if readiness.ready else 503, {"status": status, **readiness.checks})

    on_head = on_get


def _send_json(resp: Response, status: int, body: dict[str, str]) -> None:
    resp.status = status
    resp.content_type = "application/json"
    resp.cache_control = ["no-store"]
    resp.data = codec.dumps(body)
