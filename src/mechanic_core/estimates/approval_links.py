"""Links with which a customer answers an estimate, without a login."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self, final

from attrs import evolve, field, frozen

from mechanic_core.accounts.links import Link, LinkPurpose, LinkToken, LinkTokens
from mechanic_core.accounts.password import mask_secret
from mechanic_core.errors import Conflict, Gone
from mechanic_core.estimates.estimate import EstimateNumber
from mechanic_core.rules import Between, Description, Example, checked
from mechanic_core.tickets.ticket import TicketId


class LinkEnd(StrEnum):
    """Why a link is good no longer."""

    EXPIRED = "expired"
    REPLACED = "replaced"
    SUPERSEDED = "superseded"
    ANSWERED = "answered"
    CLOSED = "closed"


_SENTENCES: Final = {
    LinkEnd.EXPIRED: "the link has expired",
    LinkEnd.REPLACED: "the link was replaced or withdrawn",
    LinkEnd.SUPERSEDED: "there is a newer estimate",
    LinkEnd.ANSWERED: "the estimate is answered",
    LinkEnd.CLOSED: "the shop takes no more answers for this ticket",
}


class ApprovalClosed(Gone):
    """The estimate can no longer be answered with this link."""

    fact_types: ClassVar = {"reason": Annotated[LinkEnd, Example(LinkEnd.EXPIRED)]}

    def __init__(self, reason: LinkEnd) -> None:
        """Say why."""
        super().__init__(_SENTENCES[reason], reason=reason.value)
        self.reason = reason


MOST_APPROVALS: Final = 20
"""How many mails with links to estimates an address gets within an hour."""


RECEIPT_LIFE: Final = timedelta(days=90)
"""For how long after it has expired a link that was used still shows what was decided."""


class MailOff(Conflict):
    """The shop sends no mail."""


@frozen(kw_only=True, field_transformer=checked)
class ApprovalLinkForm:
    """For how long a link is good, and whether it is sent to the customer by mail."""

    expires_in_hours: Annotated[int, Between(1, 720), Example(72)] = 72
    send: Annotated[bool, Example(False)] = False


@final
@frozen(kw_only=True, field_transformer=checked)
class ApprovalLink:
    """A link to one estimate. Its nonce distinguishes it from the former ones."""

    id: int = 0  # until it is stored
    ticket_id: TicketId
    number: EstimateNumber
    nonce: str = field(repr=False)
    expires_at: datetime
    used_at: datetime | None = None


@frozen(kw_only=True, field_transformer=checked)
class IssuedApprovalLink:
    """A link to answer an estimate with, shown this once."""

    url: Annotated[
        str,
        Example("https://shop.example/a/1.1772447400.bm9uY2U.dG9rZW4"),
        Description("The address of the page; a path, without `PUBLIC_URL`."),
    ] = field(repr=mask_secret)
    expires_at: datetime

    def under(self, prefix: str) -> Self:
        """Return the link with *prefix* before its address where that is a path."""
        return evolve(self, url=f"{prefix}{self.url}") if self.url.startswith("/") else self


@final
@frozen
class ApprovalLinkTokens:
    """Makes the addresses of links, which *public_url* begins, and reads their tokens."""

    tokens: LinkTokens
    public_url: str = ""

    def new_nonce(self) -> str:
        """Return a random text that no other link has."""
        return self.tokens.new_nonce()

    def issued(self, link: ApprovalLink) -> IssuedApprovalLink:
        """Return a stored link as its holder gets it: always the same for the same link."""
        said = Link(id=link.id, expires_at=link.expires_at, nonce=link.nonce)
        token = self.tokens.issue(LinkPurpose.APPROVAL, said)
        url = f"{self.public_url}/a/{token}"
        return IssuedApprovalLink(url=url, expires_at=link.expires_at)

    def read(self, token: LinkToken) -> Link:
        """Return what *token* says; raise `LinkNotFound` for a forged one."""
        return self.tokens.read(LinkPurpose.APPROVAL, token)
