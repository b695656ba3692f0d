"""One composed message to one address."""

from typing import final

from attrs import field, frozen

from mechanic_core.profile.profile import Profile


@final
@frozen(kw_only=True)
class Message:
    """A plain text to one address.

    Attributes:
        to: The address, as its holder has written it.
        sender_name: The name that is shown beside the sender's address.
        reply_to: Where answers go, if not to the sender.
        subject: One line.
        text: The lines, which may hold a secret.
    """

    to: str = field(repr=False)
    sender_name: str
    reply_to: str | None = None
    subject: str
    text: str = field(repr=False)

    @classmethod
    def of_shop(cls, profile: Profile, to: str, subject: str, *paragraphs: str) -> "Message":
        """Return a message of the shop with *paragraphs*, which ends with the shop's name."""
        text = "\n\n".join((*paragraphs, profile.name))
        return cls(
            to=to,
            sender_name=profile.name,
            reply_to=profile.email,
            subject=subject,
            text=f"{text}\n",
        )
