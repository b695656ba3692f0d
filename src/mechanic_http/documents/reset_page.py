"""The page of a link to choose a password with: a form without scripts.

Programs that read mail open such links, so that a GET changes nothing; what a POST needs is typed.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape
from http import HTTPStatus
from typing import Final, TypeAlias, final
from urllib.parse import parse_qs

from attrs import frozen
from falcon import Response

from mechanic_core.access import ANONYMOUS
from mechanic_core.accounts.links import LinkNotFound, LinkToken
from mechanic_core.accounts.password import PASSWORD_LENGTH
from mechanic_core.accounts.password_resets import NewPassword, ResetExpired
from mechanic_core.errors import Refused, RuleBroken
from mechanic_core.shop import Shop
from mechanic_http.context import ShopRequest
from mechanic_http.documents.pages import HTML
from mechanic_http.problems.refusals import BodyTooLarge, UnsupportedMediaType
from mechanic_http.resources.password_resets import LINK, LINK_ATTEMPT

FORM: Final = "application/x-www-form-urlencoded"
FIELD: Final = "new_password"

_MAX_BYTES: Final = 4096
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="stylesheet" href="{root}/static/pages.css">
<main>
<h1>{title}</h1>
{body}
</main>
</html>
"""
_FORM: Final = """\
<form method="post">
<label for="password">New password</label>
<input id="password" name="{field}" type="password"
 minlength="{length.minimum}" maxlength="{length.maximum}"
 autocomplete="new-password" aria-describedby="hint"{invalid} required autofocus>
<p id="hint"{alert}>{hint}</p>
<button>Save password</button>
</form>"""
_HINT: Final = (
    f"{PASSWORD_LENGTH.minimum} to {PASSWORD_LENGTH.maximum} characters. "
    "You will be logged out everywhere."
)
_DONE: Final = "<p>Your new password is saved. You can log in with it now.</p>"
_GONE: Final = "<p>This link has expired or was used before. Ask the shop for a new one.</p>"
_UNKNOWN: Final = "<p>There is no such link. Check that the address is complete.</p>"

CountAttempt: TypeAlias = Callable[
    [ShopRequest, str, tuple[type[Refused], ...]], AbstractContextManager[None]
]
"""Counts the block as an attempt to guess a secret; it stays counted if the block fails so."""


@contextmanager
def uncounted(*_: object) -> Iterator[None]:
    """Count nothing."""
    yield


@final
@frozen
class PasswordPage:
    """`/r/{link_token}`: GET shows the form, POST takes it."""

    shop: Shop
    count_attempt: CountAttempt

    def on_get(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> None:
        """Send the form, or why there is none."""
        if self._is_good(req, resp, link_token):
            _send(req, resp, HTTPStatus.OK, "Choose a password", _form())

    on_head = on_get

    def on_post(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> None:
        """Save the password; send the form again for one that can't be."""
        password = _read_field(req)
        if not self._is_good(req, resp, link_token):
            return
        try:
            self.shop.reset_password(ANONYMOUS, link_token, NewPassword(new_password=password))
        except RuleBroken as broken:
            problem = f"The password {broken.problems[0].detail}."
            _send(req, resp, HTTPStatus.UNPROCESSABLE_ENTITY, "Choose a password", _form(problem))
            return
        except ResetExpired:
            _send(req, resp, HTTPStatus.GONE, "Link expired", _GONE)
            return
        _send(req, resp, HTTPStatus.SEE_OTHER, "Password saved", _DONE)
        resp.set_header("Location", f"{req.root_path}/r/done")

    def _is_good(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> bool:
        """Return whether the link is good; else send the page that says why not."""
        try:
            with self.count_attempt(req, LINK, LINK_ATTEMPT.failures):
                self.shop.read_password_reset(ANONYMOUS, link_token)
        except LinkNotFound:
            _send(req, resp, HTTPStatus.NOT_FOUND, "Link not found", _UNKNOWN)
        except ResetExpired:
            _send(req, resp, HTTPStatus.GONE, "Link expired", _GONE)
        else:
            return True
        return False


@final
@frozen
class PasswordSavedPage:
    """`GET /r/done`: where the form leads."""

    def on_get(self, req: ShopRequest, resp: Response) -> None:
        """Send the page."""
        _send(req, resp, HTTPStatus.OK, "Password saved", _DONE)

    on_head = on_get


def reset_pages(shop: Shop, count_attempt: CountAttempt) -> tuple[tuple[str, object], ...]:
    """Return the pages with their paths."""
    return (
        ("/r/{link_token}", PasswordPage(shop, count_attempt)),
        ("/r/done", PasswordSavedPage()),
    )


def _read_field(req: ShopRequest) -> str:
    """Return what was typed, empty if it is missing."""
    if (req.content_type or "").partition(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaType(f"the Content-Type must be {FORM}")
    if (req.content_length or 0) > _MAX_BYTES:
        raise BodyTooLarge(f"the body must be at most {_MAX_BYTES} bytes")
    raw = req.bounded_stream.read(_MAX_BYTES)
    try:
        fields = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        return ""
    return fields.get(FIELD, [""])[0]


def _form(problem: str = "") -> str:
    invalid, alert = (
        (' aria-invalid="true"', ' class="problem" role="alert"') if problem else ("", "")
    )
    return _FORM.format(
        field=FIELD,
        length=PASSWORD_LENGTH,
        invalid=invalid,
        alert=alert,
        hint=escape(problem or _HINT),
    )


def _send(req: ShopRequest, resp: Response, status: HTTPStatus, title: str, body: str) -> None:
    resp.status = int(status)
    resp.content_type = HTML
    resp.set_header("Content-Security-Policy", _POLICY)
    resp.set_header("Cache-Control", "no-store")
    resp.set_header("X-Robots-Tag", "noindex")
    resp.data = _PAGE.format(root=escape(req.root_path), title=title, body=body).encode()
