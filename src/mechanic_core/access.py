"""Who is asking, and what they may do. What no policy allows is refused."""

from enum import StrEnum
from typing import Annotated, Final, NewType, Self

import attrs

from mechanic_core.errors import Forbidden, NotFound, Unauthenticated
from mechanic_core.rules import Example


class Role(StrEnum):
    """What a known caller is to the shop."""

    CUSTOMER = "customer"
    MECHANIC = "mechanic"
    MANAGER = "manager"


STAFF: Final = frozenset({Role.MECHANIC, Role.MANAGER})

SessionId = NewType("SessionId", str)
"""The family that one login started: its refresh tokens and its access tokens."""


@attrs.frozen
class Actor:
    """Who asks: a role with the id that it has among its kind; no role is a stranger.

    Customers and staff count their ids apart. *session* is the login that speaks, where the
    caller came with a token.
    """

    role: Role | None = None
    id: int = 0
    session: SessionId | None = attrs.field(default=None, eq=False)

    @property
    def is_staff(self) -> bool:
        """Whether the caller works here."""
        return self.role in STAFF

    @property
    def is_manager(self) -> bool:
        """Whether the caller runs the shop."""
        return self.role is Role.MANAGER

    @property
    def is_customer(self) -> bool:
        """Whether the caller is a known customer."""
        return self.role is Role.CUSTOMER


ANONYMOUS: Final = Actor()


@attrs.frozen(kw_only=True)
class By:
    """Who did it; the name goes when a person's data are erased, the id stays."""

    role: Annotated[Role | None, Example(Role.MECHANIC)]
    id: Annotated[int, Example(3)]
    name: Annotated[str | None, Example("Luis Romero")] = None

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """Return the entry for *actor*; the store fills the name in when it is read."""
        return cls(role=actor.role, id=actor.id)


class LoginNeeded(Unauthenticated):
    """This needs a login."""


class RoleForbids(Forbidden):
    """Your role may not do this."""


@attrs.frozen
class Policy:
    """Who may do one thing; nobody unless it says so.

    *roles* may always. *owners* are roles that may only where the thing is their own: a
    customer's own record, a mechanic's own figures. *anyone* needs no login at all.
    """

    roles: frozenset[Role] = frozenset()
    owners: frozenset[Role] = frozenset()
    anyone: bool = False

    def admit(self, actor: Actor) -> None:
        """Refuse whoever may not do this, whatever it is done to.

        Raises `LoginNeeded` for strangers and `RoleForbids` for the wrong role.
        """
        if self.anyone:
            return
        if actor.role is None:
            raise LoginNeeded
        if actor.role not in self.roles and actor.role not in self.owners:
            raise RoleForbids

    def allows(self, actor: Actor, owner: int | None) -> bool:
        """Return whether *actor* may do this to a thing of *owner*."""
        if self.anyone or actor.role in self.roles:
            return True
        return actor.role in self.owners and actor.id == owner

    def require_access(self, actor: Actor, owner: int | None, otherwise: NotFound) -> None:
        """Raise *otherwise* where the thing is a stranger's: it looks as if it were not there."""
        if not self.allows(actor, owner):
            raise otherwise


_CUSTOMER = frozenset({Role.CUSTOMER})

PUBLIC: Final = Policy(anyone=True)
ANY_LOGIN: Final = Policy(roles=frozenset(Role))
STAFF_ONLY: Final = Policy(roles=STAFF)
MANAGERS_ONLY: Final = Policy(roles=frozenset({Role.MANAGER}))
OWNER_OR_STAFF: Final = Policy(roles=STAFF, owners=_CUSTOMER)
OWNER_OR_MANAGER: Final = Policy(roles=frozenset({Role.MANAGER}), owners=_CUSTOMER)
SELF_OR_MANAGER: Final = Policy(roles=frozenset({Role.MANAGER}), owners=frozenset({Role.MECHANIC}))
"""A mechanic for what is their own, a manager for all."""
