"""Access control: actors, roles and policies. What no policy allows is refused."""

from enum import StrEnum
from typing import Annotated, Final, NewType

import attrs

from mechanic_core.errors import Forbidden, NotFound, Unauthenticated
from mechanic_core.rules import Example, checked


class Role(StrEnum):
    """The role of an authenticated caller."""

    CUSTOMER = "customer"
    MECHANIC = "mechanic"
    MANAGER = "manager"


STAFF: Final = frozenset({Role.MECHANIC, Role.MANAGER})

SessionId = NewType("SessionId", str)
"""Identifies the session that a login starts: the family of its refresh and access tokens."""


@attrs.frozen(field_transformer=checked)
class Actor:
    """The caller of a use case; without a role, an anonymous one.

    *id* is a customer id for customers and a mechanic id for staff. *session* is set when the
    caller has authenticated with a token.
    """

    role: Role | None = None
    id: int = 0
    session: SessionId | None = attrs.field(default=None, eq=False)

    @property
    def is_staff(self) -> bool:
        """Whether the caller is a mechanic or a manager."""
        return self.role in STAFF

    @property
    def is_manager(self) -> bool:
        """Whether the caller is a manager."""
        return self.role is Role.MANAGER

    @property
    def is_customer(self) -> bool:
        """Whether the caller is a customer."""
        return self.role is Role.CUSTOMER


ANONYMOUS: Final = Actor()

SYSTEM: Final = Actor(Role.MANAGER)
"""The shop itself: commands on its own machine, which may do what a manager may."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class By:
    """The person who made a change. The store adds the name on reading, until it is erased."""

    role: Annotated[Role | None, Example(Role.MECHANIC)]
    id: Annotated[int, Example(3)]
    name: Annotated[str | None, Example("Luis Romero")] = None


class LoginNeeded(Unauthenticated):
    """You must log in to do this."""


class RoleForbids(Forbidden):
    """Your role does not allow this."""


@attrs.frozen
class Policy:
    """Who may do one thing; by default nobody.

    *roles* may do it to every record; *owners* are roles that may do it to their own records
    only. *anyone* requires no authentication.
    """

    roles: frozenset[Role] = frozenset()
    owners: frozenset[Role] = frozenset()
    anyone: bool = False

    def admit(self, actor: Actor) -> None:
        """Check the role of *actor*, before any record is known.

        Raises `LoginNeeded` for anonymous callers and `RoleForbids` for the wrong role.
        """
        if self.anyone:
            return
        if actor.role is None:
            raise LoginNeeded
        if actor.role not in self.roles and actor.role not in self.owners:
            raise RoleForbids

    def allows(self, actor: Actor, owner: int | None) -> bool:
        """Return whether *actor* may do this to a record of *owner*."""
        if self.anyone or actor.role in self.roles:
            return True
        return actor.role in self.owners and actor.id == owner

    def require_access(self, actor: Actor, owner: int | None, not_found: NotFound) -> None:
        """Raise *not_found* unless *actor* may access a record of *owner*.

        A record of somebody else looks as if it did not exist.
        """
        if not self.allows(actor, owner):
            raise not_found


_CUSTOMER = frozenset({Role.CUSTOMER})

PUBLIC: Final = Policy(anyone=True)
ANY_LOGIN: Final = Policy(roles=frozenset(Role))
STAFF_ONLY: Final = Policy(roles=STAFF)
MANAGERS_ONLY: Final = Policy(roles=frozenset({Role.MANAGER}))
OWNER_OR_STAFF: Final = Policy(roles=STAFF, owners=_CUSTOMER)
OWNER_OR_MANAGER: Final = Policy(roles=frozenset({Role.MANAGER}), owners=_CUSTOMER)
CUSTOMERS_ONLY: Final = Policy(roles=_CUSTOMER)
SELF_OR_MANAGER: Final = Policy(roles=frozenset({Role.MANAGER}), owners=frozenset({Role.MECHANIC}))
"""Mechanics for their own records, managers for all."""
