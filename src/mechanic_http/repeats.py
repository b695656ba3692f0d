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
from mechanic_core.receipts import LIFE, KeyReused, Receipt
from mechanic_core.texts import Clock
from mechanic_core.work import Begin, one_transaction
from mechanic_http import bodies
from mechanic_http.answers import Answer, Around, Call
from mechanic_http.promise import Promise
from mechanic_http.refusals import MalformedHeader

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"

_KEY: Final = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')


@final
@frozen
class Repeats:
    """Stands around every endpoint that takes an Idempotency-Key."""

    begin: Begin
    now: Clock
    secret: bytes

    def __call__(self, promise: Promise) -> Around | None:
        """Return what stands around an endpoint, if it takes a key."""
        return self._around if promise.takes_key else None

    def _around(self, call: Call, run: Callable[[], Answer]) -> Answer:
        given = call.req.get_header(HEADER)
        if given is None:
            return run()
        return self._once(_place(call, key_in(given)), self._fingerprint(call), run)

    @one_transaction
    def _once(self, key: str, fingerprint: str, run: Callable[[], Answer]) -> Answer:
        at = self.now()
        with self.begin() as work:
            if kept := work.receipts.claim(key, at - LIFE):
                return _replayed(kept, fingerprint)
            answer = run()
            work.receipts.keep(
                Receipt(
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
    promise = call.promise
    ids = ",".join(str(call.arguments[name]) for name in promise.signature.ids)
    return f"{who.role or '-'}:{who.id} {promise.method} {promise.operation}({ids}) {key}"


def _replayed(kept: Receipt, fingerprint: str) -> Answer:
    if not hmac.compare_digest(kept.fingerprint, fingerprint):
        raise KeyReused
    return Answer(kept.status, {**orjson.loads(kept.headers), REPLAYED: "true"}, kept.body)
