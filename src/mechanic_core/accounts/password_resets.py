"""Password resets: links with which somebody chooses a new password, or the first one."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Self, final

from attrs import evolve, field, frozen

from mechanic_core.access import Role
from mechanic_core.accounts.links import Link, LinkPurpose, LinkToken, LinkTokens
from mechanic_core.accounts.password import Password, mask_secret
from mechanic_core.accounts.ports import PasswordResets
from mechanic_core.customers.customer import Customer
from mechanic_core.errors import Conflict, Gone
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.rules import Description, Example, checked
from mechanic_core.unit_of_work import ReadOnly, Work
from mechanic_core.values import LoginEmail

RESET_LIFE: Final = timedelta(hours=1)
INVITATION_LIFE: Final = timedelta(hours=72)


class ResetExpired(Gone):
    """The link has expired, was used, or was replaced by a newer one."""


class NoEmail(Conflict):
    """The customer has no e-mail address, and needs one to log in."""


@frozen(kw_only=True, field_transformer=checked)
class NewPassword:
    """A new password."""

    new_password: Annotated[Password, Example("staple horse battery")] = field(repr=mask_secret)


@frozen(kw_only=True, field_transformer=checked)
class ResetRequest:
    """The address of somebody who asks for a link to choose a new password with."""

    email: LoginEmail


@frozen(kw_only=True, field_transformer=checked)
class IssuedReset:
    """A link to choose a password with, shown this once."""

    token: LinkToken = field(repr=mask_secret)
    url: Annotated[
        str,
        Example("https://shop.example/r/1.1772447400.bm9uY2U.dG9rZW4"),
        Description("The address of the page; a path, without `PUBLIC_URL`."),
    ] = field(repr=mask_secret)
    expires_at: datetime

    def under(self, prefix: str) -> Self:
        """Return the link with *prefix* before its address where that is a path."""
        return evolve(self, url=f"{prefix}{self.url}") if self.url.startswith("/") else self


@final
@frozen
class ResetReader:
    """Reads links, and finds whose they are."""

    tokens: LinkTokens
    read_only: ReadOnly

    def read(self, token: LinkToken, at: datetime) -> tuple[Link, Role, int]:
        """Return what *token* says, and the customer or mechanic whose link it is.

        Raises `LinkNotFound` for a forged token, without asking the store, and `ResetExpired`.
        """
        link = self.tokens.read(LinkPurpose.PASSWORD_RESET, token)
        if link.expires_at <= at:
            raise ResetExpired
        with self.read_only() as work:
            holder = work.password_resets.find(link.id, link.nonce)
        if holder is None:
            raise ResetExpired
        return link, *holder


@final
@frozen
class ResetIssuer:
    """Issues links; *public_url* begins their addresses."""

    tokens: LinkTokens
    public_url: str = ""

    def issue_to_customer(self, work: Work, customer: Customer, at: datetime) -> IssuedReset:
        """Return a new link for a customer: without a login it is their invitation."""
        expires_at = at + (RESET_LIFE if customer.has_login else INVITATION_LIFE)
        return self._issue(work.password_resets, Role.CUSTOMER, customer.id, expires_at)

    def issue_to_mechanic(self, work: Work, mechanic: Mechanic, at: datetime) -> IssuedReset:
        """Return a new link for a mechanic."""
        return self._issue(work.password_resets, mechanic.role, mechanic.id, at + RESET_LIFE)

    def _issue(
        self, resets: PasswordResets, role: Role, holder_id: int, expires_at: datetime
    ) -> IssuedReset:
        """Return a new link, which ends the person's last one."""
        nonce, until = self.tokens.new_nonce(), expires_at.replace(microsecond=0)
        reset_id = resets.start(role, holder_id, nonce, until)
        link = Link(id=reset_id, expires_at=until, nonce=nonce)
        token = self.tokens.issue(LinkPurpose.PASSWORD_RESET, link)
        return IssuedReset(token=token, url=f"{self.public_url}/r/{token}", expires_at=until)
