"""The page of a link to choose a password with: a form without scripts.

Programs that read mail open such links, so that a GET changes nothing; what a POST needs is typed.
"""

from http import HTTPStatus
from typing import Final, final

from attrs import frozen
from falcon import Response

from mechanic_core.access import ANONYMOUS
from mechanic_core.accounts.links import LinkNotFound, LinkToken
from mechanic_core.accounts.password import PASSWORD_LENGTH
from mechanic_core.accounts.password_resets import NewPassword, ResetExpired
from mechanic_core.errors import RuleBroken
from mechanic_core.shop import Shop
from mechanic_http.context import ShopRequest
from mechanic_http.documents.links import CountAttempt, read_fields, send_not_found, send_notice
from mechanic_http.documents.rendering import redirect, send_secret_page
from mechanic_http.resources.password_resets import LINK, LINK_ATTEMPT

FIELD: Final = "new_password"

_MAX_BYTES: Final = 4096
_MAX_FIELDS: Final = 10
_SAVED: Final = ("Password saved", "Your new password is saved. You can log in with it now.")
_EXPIRED: Final = (
    "Link expired",
    "This link has expired or was used before. Ask the shop for a new one.",
)


@final
@frozen
class PasswordPage:
    """`/r/{link_token}`: GET shows the form, POST takes it."""

    shop: Shop
    count_attempt: CountAttempt

    def on_get(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> None:
        """Send the form, or why there is none."""
        if self._is_good(req, resp, link_token):
            _send_form(req, resp, HTTPStatus.OK)

    on_head = on_get

    def on_post(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> None:
        """Save the password; send the form again for one that can't be."""
        password = read_fields(req, _MAX_BYTES, _MAX_FIELDS).get(FIELD, [""])[0]
        if not self._is_good(req, resp, link_token):
            return
        try:
            self.shop.reset_password(ANONYMOUS, link_token, NewPassword(new_password=password))
        except RuleBroken as broken:
            problem = broken.problems[0].detail
            _send_form(req, resp, HTTPStatus.UNPROCESSABLE_ENTITY, problem)
            return
        except ResetExpired:
            send_notice(req, resp, HTTPStatus.GONE, *_EXPIRED)
            return
        redirect(resp, f"{req.root_path}/r/done")

    def _is_good(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> bool:
        """Return whether the link is good; else send the page that says why not."""
        try:
            with self.count_attempt(req, LINK, LINK_ATTEMPT.failures):
                self.shop.read_password_reset(ANONYMOUS, link_token)
        except LinkNotFound:
            send_not_found(req, resp)
        except ResetExpired:
            send_notice(req, resp, HTTPStatus.GONE, *_EXPIRED)
        else:
            return True
        return False


@final
@frozen
class PasswordSavedPage:
    """`GET /r/done`: where the form leads."""

    def on_get(self, req: ShopRequest, resp: Response) -> None:
        """Send the page."""
        send_notice(req, resp, HTTPStatus.OK, *_SAVED)

    on_head = on_get


def password_pages(shop: Shop, count_attempt: CountAttempt) -> tuple[tuple[str, object], ...]:
    """Return the pages with their paths."""
    return (
        ("/r/{link_token}", PasswordPage(shop, count_attempt)),
        ("/r/done", PasswordSavedPage()),
    )


def _send_form(req: ShopRequest, resp: Response, status: HTTPStatus, problem: str = "") -> None:
    send_secret_page(req, resp, status, "password.html", problem=problem, length=PASSWORD_LENGTH)
