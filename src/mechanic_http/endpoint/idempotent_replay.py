"""Idempotent replay: a repeated request with an Idempotency-Key gets the first answer.

After draft-ietf-httpapi-idempotency-key-header-07. The answer is stored in the transaction of
its effect, so a retry finds both or neither, on whichever process and after whatever crash.
Refusals are not stored: they have no effect, and the request may run again. Slow work, such as
hashing a password, is done before the transaction begins, even for a replay.
"""

import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, final

import orjson
from attrs import field, frozen

from mechanic_core.access import Role
from mechanic_core.customers.customer import CustomerId
from mechanic_core.idempotency import EXPIRY, AnswerErased, AnswerNotStored, KeyReused, StoredAnswer
from mechanic_core.tickets.ownership import customer_of
from mechanic_core.unit_of_work import Begin, Work, retry_on_conflict
from mechanic_core.values import Clock
from mechanic_http.endpoint import body as bodies
from mechanic_http.endpoint.arguments import Call
from mechanic_http.endpoint.operation import IDEMPOTENCY_KEY, Operation
from mechanic_http.endpoint.response import EncodedResponse, Interceptor
from mechanic_http.problems.refusals import MalformedHeader

REPLAYED: Final = "Idempotency-Replayed"

MAX_CONTENT: Final = 32_768
"""The maximum size of a stored answer in bytes, compressed: that of a ticket with all its lines
is less. A larger one would let a client with random texts fill the disk."""

_KEY: Final = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')


@final
@frozen
class IdempotentReplay:
    """The interceptor of every operation that takes an Idempotency-Key.

    Attributes:
        begin: Opens the transaction of the effect and its answer.
        now: The clock.
        secret: The key of the fingerprints' HMAC.
    """

    begin: Begin
    now: Clock
    secret: bytes = field(repr=False)

    def __call__(self, operation: Operation) -> Interceptor | None:
        """Return the interceptor for *operation*, or None where it takes no key."""
        return self._intercept if operation.accepts_idempotency_key else None

    def _intercept(self, call: Call, run: Callable[[], EncodedResponse]) -> EncodedResponse:
        header = call.req.get_header(IDEMPOTENCY_KEY)
        if header is None:
            return run()
        key, fingerprint = self._request_key(call, parse_key(header)), self._fingerprint(call)
        return self._run_once(call, key, fingerprint, run)

    @retry_on_conflict
    def _run_once(
        self, call: Call, key: str, fingerprint: str, run: Callable[[], EncodedResponse]
    ) -> EncodedResponse:
        at = self.now()
        with self.begin() as work:
            root_path = call.req.root_path
            if stored := work.stored_answers.claim(key, at - EXPIRY):
                return _replay(stored, fingerprint, root_path)
            answer = run()
            work.stored_answers.add(
                StoredAnswer(
                    key=key,
                    fingerprint=fingerprint,
                    content=_encode(answer, root_path),
                    about=answer.about | set(_customers_behind(call, work)),
                    at=at,
                )
            )
        return answer

    def _request_key(self, call: Call, key: str) -> str:
        """Return what identifies the request: caller, operation, ids in the path, and *key*.

        Aliases of a path share it, since they are one operation.
        """
        operation = call.operation
        ids = ",".join(str(call.arguments[name]) for name in operation.signature.ids)
        caller = self._principal(call)
        return f"{caller} {operation.method} {operation.operation_id}({ids}) {key}"

    def _principal(self, call: Call) -> str:
        """Return who is calling: a customer, a member of staff in any role, or a client network.

        The network is stored as an HMAC, since it may be personal data.
        """
        actor = call.actor
        if actor.role is None:
            networks = call.req.context.networks
            network = networks[0] if networks else call.req.env.get("REMOTE_ADDR", "")
            return f"-:{hmac.new(self.secret, network.encode(), hashlib.sha256).hexdigest()[:32]}"
        return f"{Role.MECHANIC if actor.is_staff else actor.role}:{actor.id}"

    def _fingerprint(self, call: Call) -> str:
        """Return an HMAC of the body's JSON, whatever its order of members and white space."""
        tree = bodies.parse_json(call.raw_body) if call.raw_body else None
        canonical = json.dumps(tree, sort_keys=True, default=str).encode()
        return hmac.new(self.secret, canonical, hashlib.sha256).hexdigest()


def _customers_behind(call: Call, work: Work) -> Iterator[CustomerId]:
    """Yield the customer who has sent the request, and that of the ticket or payment in its path."""
    if call.actor.is_customer:
        yield CustomerId(call.actor.id)
    if "ticket_id" in call.arguments:
        yield customer_of(work, call.arguments["ticket_id"])
    if "payment_id" in call.arguments:
        yield work.payments.get(call.arguments["payment_id"]).customer_id


def parse_key(header: str) -> str:
    """Return the key in an Idempotency-Key header (section 2.1).

    The key may be a quoted string (RFC 9651, section 3.3.3) or bare. Raises `MalformedHeader`.
    """
    match = _KEY.fullmatch(header.strip())
    if not match:
        raise MalformedHeader(f"{IDEMPOTENCY_KEY} must be 1 to 255 visible characters")
    return match[1] or match[2]


def _encode(answer: EncodedResponse, root_path: str) -> bytes:
    """Return status, headers and body as one JSON object, compressed.

    The body is JSON text, exactly as it was sent. An answer that is too large is stored as the
    address that it names, without status, headers and body. The address has no prefix: the
    request may be repeated under another one.
    """
    body = None if answer.body is None else answer.body.decode()
    headers = dict(answer.headers)
    if "Location" in headers:
        headers["Location"] = headers["Location"].removeprefix(root_path)
    whole = {"status": answer.status, "headers": headers, "body": body}
    content = zlib.compress(orjson.dumps(whole))
    if len(content) <= MAX_CONTENT:
        return content
    return zlib.compress(orjson.dumps({"location": headers.get("Location")}))


def _decode(content: bytes) -> dict[str, Any]:
    """Return what `_encode` was given; the release before did not compress it."""
    is_plain = content.startswith(b"{")
    decoded: dict[str, Any] = orjson.loads(content if is_plain else zlib.decompress(content))
    return decoded


def _replay(stored: StoredAnswer, fingerprint: str, root_path: str) -> EncodedResponse:
    if not hmac.compare_digest(stored.fingerprint, fingerprint):
        raise KeyReused
    if stored.is_erased:
        raise AnswerErased
    first = _decode(stored.content)
    if "status" not in first:
        raise AnswerNotStored(first["location"] and root_path + first["location"])
    body = None if first["body"] is None else first["body"].encode()
    headers = first["headers"] | {REPLAYED: "true"}
    if "Location" in headers:
        headers["Location"] = root_path + headers["Location"]
    return EncodedResponse(first["status"], headers, body)
