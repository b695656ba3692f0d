"""Responses: encoded from what a use case returned, then sent as Falcon responses.

Encoded responses are values, so that an interceptor can cache them or replay them.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeAlias, final

from attrs import frozen
from falcon import MEDIA_TEXT, Request, Response

from mechanic_core.customers.customer import Customer, CustomerId
from mechanic_core.rules import union_members
from mechanic_http.endpoint.arguments import Call
from mechanic_http.endpoint.body import JSON
from mechanic_http.endpoint.etags import gzip_etag, make_etag, matching_etag
from mechanic_http.endpoint.gzip_encoding import CODING, MIN_SIZE, accepts_gzip, compress
from mechanic_http.endpoint.operation import Operation
from mechanic_http.json import codec

_VARY: Final = "Authorization, Accept"
_PRIVATE: Final = {"Cache-Control": "private, no-cache", "Vary": _VARY}
_SECRET: Final = {"Cache-Control": "no-store", "Vary": _VARY}
_COMPRESSIBLE: Final = {"Vary": f"{_VARY}, Accept-Encoding"}
_NOT_MODIFIED: Final = 304


@frozen
class EncodedResponse:
    """A response as bytes.

    *gzipped* is the body as gzip, if it is known already. *about* are the customers whose
    personal data it may contain, if it may be stored for an `Idempotency-Key`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | None = None
    gzipped: bytes | None = None
    about: frozenset[CustomerId] = frozenset()


@frozen
class PrintedDocument:
    """A document for people as bytes, and the headers that it needs."""

    body: bytes
    headers: Mapping[str, str]


Printer: TypeAlias = Callable[[Any], PrintedDocument]
"""Returns a record as a document of one media type; raises refusals."""

Encoder: TypeAlias = Callable[[Call, Any], EncodedResponse]

Interceptor: TypeAlias = Callable[[Call, Callable[[], EncodedResponse]], EncodedResponse]
"""Wraps a call: runs the function that it is given, or returns a stored response.

It runs after authorization and after all arguments were read. Conditional requests are evaluated
afterwards, on the response that it returns.
"""

InterceptorFactory: TypeAlias = Callable[[Operation], Interceptor | None]
"""Returns the interceptor of an operation, if it has one; called once per operation."""


def no_interceptor(_: Operation) -> None:
    """Return no interceptor."""


def first_interceptor(*factories: InterceptorFactory) -> InterceptorFactory:
    """Return a factory that takes the first interceptor of *factories*."""

    def intercept(operation: Operation) -> Interceptor | None:
        return next(filter(None, (factory(operation) for factory in factories)), None)

    return intercept


def response_encoder(operation: Operation, printers: Mapping[str, Printer]) -> Encoder:
    """Return the function that encodes what the endpoint's method returned.

    Raises `TypeError` for a response type that has a secret or that is not JSON, and `KeyError` for
    a media type without a printer.
    """
    status, response = int(operation.status), operation.signature.response
    headers = _SECRET if operation.has_secret else _PRIVATE
    if response is None:
        return lambda _, __: EncodedResponse(status, headers)
    if operation.is_compressible:
        headers = headers | _COMPRESSIBLE
    if operation.media_type != JSON:
        return _document_encoder(printers[operation.media_type], headers)
    hooks = {cls: codec.unstructure_hook(cls) for cls in union_members(response)[0]}
    if operation.signature.paginated:
        return _page_encoder(hooks, headers, operation.signature.totals)
    creates, has_etag, found = operation.creates, operation.has_etag, operation.found
    body_name = operation.signature.body_name
    is_stored = operation.accepts_idempotency_key
    own_ids = operation.created_ids

    def encode(call: Call, record: Any) -> EncodedResponse:
        body = codec.dumps(hooks[type(record)](record))
        own = dict(headers)
        if has_etag:
            own["ETag"] = make_etag(record, body)
        about = _customers_of(record) if is_stored else frozenset()
        if found and found(call.arguments[body_name], record):
            return EncodedResponse(int(HTTPStatus.OK), own, body, about=about)
        if creates:
            ids = {name: getattr(record, name) for name in own_ids}
            own["Location"] = call.req.root_path + creates.format_map(call.arguments | ids)
        return EncodedResponse(status, own, body, about=about)

    return encode


def _document_encoder(print_document: Printer, headers: Mapping[str, str]) -> Encoder:
    def encode(_: Call, record: Any) -> EncodedResponse:
        printed = print_document(record)
        etag = {"ETag": make_etag(printed, printed.body)}
        return EncodedResponse(
            int(HTTPStatus.OK), {**headers, **printed.headers, **etag}, printed.body
        )

    return encode


def _customers_of(record: Any) -> frozenset[CustomerId]:
    """Return the customers whose personal data *record* may contain."""
    if isinstance(record, Customer):
        return frozenset({record.id})
    customer_id = getattr(record, "customer_id", None)
    return frozenset() if customer_id is None else frozenset({customer_id})


def _page_encoder(
    hooks: Mapping[type, Callable[[Any], Any]], headers: Mapping[str, str], totals: Any
) -> Encoder:
    encode_totals = totals and codec.unstructure_hook(totals)

    def encode(call: Call, page: Any) -> EncodedResponse:
        if call.pagination is None:
            raise TypeError(f"{call.operation.operation_id} is not paginated")
        items = [hooks[type(item)](item) for item in page.items]
        tree, links = call.pagination.envelope(page, items)
        if encode_totals:
            tree["totals"] = encode_totals(page.totals)
        return EncodedResponse(200, {**headers, "Link": links}, codec.dumps(tree))

    return encode


@final
@frozen(kw_only=True)
class ResponseSender:
    """Fills Falcon's response: 304 for *conditional* reads, gzip where *compressible*."""

    media_type: str
    conditional: bool
    compressible: bool

    def __call__(self, req: Request, resp: Response, encoded: EncodedResponse) -> None:
        """Send *encoded*; raise `PreconditionFailed` when `If-Match` does not match."""
        env, headers, body = req.env, encoded.headers, encoded.body
        resp.set_headers(headers)
        if self.conditional and ("HTTP_IF_NONE_MATCH" in env or "HTTP_IF_MATCH" in env):
            etag = matching_etag(env, headers["ETag"])
            if etag:
                resp.set_header("ETag", etag)
                resp.status = _NOT_MODIFIED
                return
        resp.status = encoded.status
        if body is None:
            if encoded.status != HTTPStatus.NO_CONTENT:
                resp.content_type = MEDIA_TEXT  # or Falcon says JSON, which no empty text is
            return
        resp.content_type = self.media_type
        if (
            self.compressible
            and len(body) >= MIN_SIZE
            and accepts_gzip(env.get("HTTP_ACCEPT_ENCODING", ""))
        ):
            body = encoded.gzipped or compress(body)
            resp.set_header("Content-Encoding", CODING)
            if plain_etag := headers.get("ETag"):
                resp.set_header("ETag", gzip_etag(plain_etag))
        resp.data = body
