"""Links to choose a password with, for who has forgotten theirs or has none yet."""

from http import HTTPStatus
from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.accounts.links import LinkNotFound, LinkToken
from mechanic_core.accounts.password_resets import IssuedReset, NewPassword, ResetRequest
from mechanic_core.accounts.reset_use_cases import (
    IssueCustomerReset,
    IssueStaffReset,
    RequestPasswordReset,
    ResetPassword,
)
from mechanic_core.customers.customer import CustomerId
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.shop import Shop
from mechanic_http.endpoint.operation import Attempt, endpoint
from mechanic_http.endpoint.route import Route

LINK: Final = "link"
"""The key of all links for counting attempts to guess the token of one."""


def any_link(*_: object) -> str:
    """Return `LINK`."""
    return LINK


LINK_ATTEMPT: Final = Attempt(any_link, (LinkNotFound,))


@final
@frozen
class CustomerResetCollection:
    """Password resets and invitations of customers."""

    shop: Shop

    @endpoint(IssueCustomerReset, has_secret=True, success=HTTPStatus.CREATED)
    def on_post(self, actor: Actor, customer_id: CustomerId, root_path: str) -> IssuedReset:
        """Issue a password reset, or an invitation, for a customer."""
        return self.shop.issue_customer_reset(actor, customer_id).under(root_path)


@final
@frozen
class StaffResetCollection:
    """Password resets of mechanics."""

    shop: Shop

    @endpoint(IssueStaffReset, has_secret=True, success=HTTPStatus.CREATED)
    def on_post(self, actor: Actor, mechanic_id: MechanicId, root_path: str) -> IssuedReset:
        """Issue a password reset for a mechanic."""
        return self.shop.issue_staff_reset(actor, mechanic_id).under(root_path)


@final
@frozen
class PasswordResetCollection:
    """Password resets by mail."""

    shop: Shop

    @endpoint(RequestPasswordReset, success=HTTPStatus.ACCEPTED)
    def on_post(self, actor: Actor, form: ResetRequest) -> None:
        """Ask for a mail with a link to choose a new password with."""
        self.shop.request_password_reset(actor, form)


@final
@frozen
class PasswordResetItem:
    """One password reset."""

    shop: Shop

    @endpoint(ResetPassword, issues_tokens=True, attempt=LINK_ATTEMPT)
    def on_post(self, actor: Actor, link_token: LinkToken, form: NewPassword) -> None:
        """Choose a new password with a link."""
        self.shop.reset_password(actor, link_token, form)


ROUTES: Final = (
    Route("/customers/{customer_id}/password_resets", CustomerResetCollection),
    Route("/mechanics/{mechanic_id}/password_resets", StaffResetCollection),
    Route("/password_resets", PasswordResetCollection),
    Route("/password_resets/{link_token}", PasswordResetItem),
)
