"""What the pages of links share: attempts to guess one, and the forms that they take."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import parse_qs

from falcon import Response

from mechanic_core.errors import Refused
from mechanic_http.context import ShopRequest
from mechanic_http.documents.rendering import send_secret_page
from mechanic_http.problems.refusals import BodyTooLarge, UnsupportedMediaType

FORM: Final = "application/x-www-form-urlencoded"

CountAttempt: TypeAlias = Callable[
    [ShopRequest, str, tuple[type[Refused], ...]], AbstractContextManager[None]
]
"""Counts the block as an attempt to guess a secret; it stays counted if the block fails so."""


@contextmanager
def uncounted(*_: object) -> Iterator[None]:
    """Count nothing."""
    yield


def read_fields(req: ShopRequest, max_bytes: int, max_fields: int) -> Mapping[str, Sequence[str]]:
    """Return the fields of a form that was sent; none where it is malformed."""
    if (req.content_type or "").partition(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaType(f"the Content-Type must be {FORM}")
    if (req.content_length or 0) > max_bytes:
        raise BodyTooLarge(f"the body must be at most {max_bytes} bytes")
    raw = req.bounded_stream.read(max_bytes)
    try:
        return parse_qs(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=max_fields
        )
    except ValueError:
        return {}


def send_notice(
    req: ShopRequest, resp: Response, status: HTTPStatus, title: str, text: str
) -> None:
    """Send a page that says one thing."""
    send_secret_page(req, resp, status, "notice.html", title=title, text=text)


def send_not_found(req: ShopRequest, resp: Response) -> None:
    """Send the page for a token that the shop has not issued."""
    text = "There is no such link. Check that the address is complete."
    send_notice(req, resp, HTTPStatus.NOT_FOUND, "Link not found", text)
