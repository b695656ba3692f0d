"""Idempotency-Key: a request that is sent again gets its first answer, and does nothing twice.

After draft-ietf-httpapi-idempotency-key-header-07. The first answer is kept in the transaction
of the effect: whoever tries again, on whichever process, after whatever crash, finds both or
neither. Refusals are not kept: nothing was done, so the request may simply run again. What is
slow, a password's hash, has been prepared before the transaction, even for a replay.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Final, final

import orjson
from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.idempotency import LIFE, KeyReused, StoredAnswer
from mechanic_core.unit_of_work import Begin, retry_on_conflict
from mechanic_core.values import Clock
from mechanic_http.endpoint import body as bodies
from mechanic_http.endpoint.interceptor import Answer, Call, Interceptor
from mechanic_http.endpoint.operation import Operation
from mechanic_http.problems.refusals import MalformedHeader

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"

_KEY: Final = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')


@final
@frozen
class IdempotentReplay:
    """Stands around every endpoint that takes an Idempotency-Key."""

    begin: Begin
    now: Clock
    secret: bytes

    def __call__(self, operation: Operation) -> Interceptor | None:
        """Return what stands around an endpoint, if it takes a key."""
        return self._around if operation.takes_key else None

    def _around(self, call: Call, run: Callable[[], Answer]) -> Answer:
        given = call.req.get_header(HEADER)
        if given is None:
            return run()
        return self._once(_place(call, key_in(given)), self._fingerprint(call), run)

    @retry_on_conflict
    def _once(self, key: str, fingerprint: str, run: Callable[[], Answer]) -> Answer:
        at = self.now()
        with self.begin() as work:
            if kept := work.stored_answers.claim(key, at - LIFE):
                return _replayed(kept, fingerprint)
            answer = run()
            work.stored_answers.keep(
                StoredAnswer(
                    key=key,
                    fingerprint=fingerprint,
                    status=answer.status,
                    headers=orjson.dumps(dict(answer.headers)).decode(),
                    body=answer.body,
                    at=at,
                )
            )
        return answer

    def _fingerprint(self, call: Call) -> str:
        """Return what stands for the body, whatever the order and spacing of its members."""
        tree = bodies.parse(call.raw) if call.raw else None
        same = json.dumps(tree, sort_keys=True, default=str).encode()
        return hmac.new(self.secret, same, hashlib.sha256).hexdigest()


def key_in(header: str) -> str:
    """Return the key in a header, quoted (RFC 9651, section 3.3.3) or bare."""
    found = _KEY.fullmatch(header.strip())
    if not found:
        raise MalformedHeader(f"{HEADER} must be 1 to 255 visible characters")
    return found[1] or found[2]


def _place(call: Call, key: str) -> str:
    """Return the name of the request: who, what, where, and the key. Aliases are one place."""
    who: Actor = call.actor
    operation = call.operation
    ids = ",".join(str(call.arguments[name]) for name in operation.signature.ids)
    return f"{who.role or '-'}:{who.id} {operation.method} {operation.operation_id}({ids}) {key}"


def _replayed(kept: StoredAnswer, fingerprint: str) -> Answer:
    if not hmac.compare_digest(kept.fingerprint, fingerprint):
        raise KeyReused
    return Answer(kept.status, {**orjson.loads(kept.headers), REPLAYED: "true"}, kept.body)
