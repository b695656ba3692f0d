"""Links that let who holds them do one thing, once, without a login."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType, Protocol

from attrs import field, frozen

from mechanic_core.errors import NotFound
from mechanic_core.rules import Description, Example

LinkToken = NewType(
    "LinkToken",
    Annotated[
        str,
        Example(
            "1.1772447400.bm9uY2Utb2YtMTZieXRlcw.VGhpcyBpcyBubyB0b2tlbiBidXQgYW4gZXhhbXBsZS4uLi4"
        ),
        Description("The token of the link."),
    ],
)


class LinkNotFound(NotFound):
    """There is no such link."""


class LinkPurpose(StrEnum):
    """What a link is for; its token is good for nothing else."""

    PASSWORD_RESET = "password-reset"  # noqa: S105 - no secret
    APPROVAL = "approval"


@frozen(kw_only=True)
class Link:
    """What a token says: the row that it is about, that row's nonce, and until when it is good."""

    id: int
    expires_at: datetime
    nonce: str = field(repr=False)


class LinkTokens(Protocol):
    """Tokens of links, which nobody can make who has the database alone."""

    def new_nonce(self) -> str:
        """Return a random text that no other link has."""
        ...

    def issue(self, purpose: LinkPurpose, link: Link) -> LinkToken:
        """Return the token of *link*, whose moment has no fraction of a second."""
        ...

    def read(self, purpose: LinkPurpose, token: LinkToken) -> Link:
        """Return the link of *token*, expired or not; raise `LinkNotFound` for a forged one."""
        ...
