"""What is known of a request before it is answered: who asks, and in which words."""

from collections.abc import Mapping

from falcon import Request

from mechanic_core.access import ANONYMOUS, Actor
from mechanic_core.errors import Unauthenticated


def note(req: Request, asking: Actor | Unauthenticated) -> None:
    """Keep who is asking; or why that can't be said, for the endpoint to refuse."""
    req.context.asking = asking


def who_asks(req: Request) -> Actor:
    """Return who is asking; raise `TokenRefused` for a token that is not valid."""
    asking: Actor | Unauthenticated = req.context.asking
    if isinstance(asking, Unauthenticated):
        raise asking
    return asking


def principal(req: Request) -> Actor:
    """Return who is known to be asking, or a stranger."""
    asking = getattr(req.context, "asking", ANONYMOUS)
    return asking if isinstance(asking, Actor) else ANONYMOUS


def note_names(req: Request, names: Mapping[str, str]) -> None:
    """Keep by which aliases the body calls its members, to speak of them alike."""
    req.context.names = names


def names_given(req: Request) -> Mapping[str, str]:
    """Return the aliases that the body has used, by the members' own names."""
    names: Mapping[str, str] = getattr(req.context, "names", {})
    return names
