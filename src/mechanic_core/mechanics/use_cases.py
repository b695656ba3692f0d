"""Hire, list, read, change and dismiss mechanics, and read the leaderboard."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import MANAGERS_ONLY, PUBLIC, SELF_OR_MANAGER, Actor, RoleForbids
from mechanic_core.accounts.account import Account
from mechanic_core.accounts.ports import Passwords
from mechanic_core.changes import apply
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.mechanics.leaderboard import Leaderboard
from mechanic_core.mechanics.mechanic import (
    Hiring,
    LastManager,
    Mechanic,
    MechanicChanged,
    MechanicForm,
    MechanicId,
    MechanicNotFound,
    PublicMechanic,
)
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.calendar import Period
from mechanic_core.unit_of_work import Begin, Prepared, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class HireMechanic:
    """Add a mechanic with a login."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (EmailTaken,)

    begin: Begin
    now: Clock
    passwords: Passwords

    def __call__(self, actor: Actor, hiring: Hiring) -> Mechanic:
        """Return the new mechanic, who can log in."""
        return self.prepare(actor, hiring)()

    def prepare(self, actor: Actor, hiring: Hiring) -> Prepared[Mechanic]:
        """Hash the password, which is slow, and return the transaction to run."""
        self.policy.admit(actor)
        return partial(self._add, actor, hiring, self.passwords.hash(hiring.password))

    @retry_on_conflict
    def _add(self, actor: Actor, hiring: Hiring, password_hash: str) -> Mechanic:
        at = self.now()
        new = Mechanic(id=MechanicId(0), name=hiring.name, email=hiring.email, updated_at=at)
        with self.begin(actor) as work:
            with _named_if_left(work, hiring.email):
                mechanic = work.mechanics.add(new.with_form(hiring, at))
            work.accounts.put(
                Account(role=mechanic.role, holder_id=mechanic.id, password_hash=password_hash)
            )
        return mechanic


@final
@frozen
class ListMechanics:
    """List mechanics; only staff see inactive ones."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(
        self, actor: Actor, page: PageRequest, q: str | None = None
    ) -> Page[PublicMechanic]:
        """Return the view for the caller of each mechanic whose name has the words of *q*."""
        self.policy.admit(actor)
        with self.read_only() as work:
            mechanics = work.mechanic_lists.find(page, active_only=not actor.is_staff, q=q)
        return mechanics.map(lambda mechanic: mechanic.view_for(actor))


@final
@frozen
class ReadMechanic:
    """Read a mechanic."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (MechanicNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, mechanic_id: MechanicId) -> PublicMechanic:
        """Return the view of the mechanic for the caller."""
        self.policy.admit(actor)
        with self.read_only() as work:
            mechanic = work.mechanics.get(mechanic_id)
        if not mechanic.active and not actor.is_staff:
            raise MechanicNotFound
        return mechanic.view_for(actor)


@final
@frozen
class ChangeMechanic:
    """Change a mechanic; mechanics may change their own name, phone and specialty."""

    policy: ClassVar = SELF_OR_MANAGER
    refuses: ClassVar = (MechanicNotFound, EmailTaken, LastManager, MechanicChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        mechanic_id: MechanicId,
        change: Callable[[MechanicForm], MechanicForm],
        expected: int | None = None,
    ) -> PublicMechanic:
        """Apply *change* to the present form and return the changed mechanic."""
        self.policy.admit(actor)
        if not self.policy.allows(actor, mechanic_id):
            raise RoleForbids("only managers may change another mechanic")
        at = self.now()
        with self.begin(actor) as work:
            mechanic, managers = work.mechanics.lock(mechanic_id)
            mechanic.require_version(expected)
            form = (
                apply(change, mechanic.form, mechanic)
                if actor.is_manager
                else _own_changes(mechanic, actor, change)
            )
            after = mechanic.with_form(form, at)
            if after is mechanic:
                return mechanic.view_for(actor)
            if mechanic.is_active_manager and not after.is_active_manager and managers == 1:
                raise LastManager
            if (after.role, after.active) != (mechanic.role, mechanic.active):
                work.revocations.revoke_all(mechanic.role, mechanic_id, at)
            if after.email != mechanic.email:  # its links were sent to the former address
                work.password_resets.end(mechanic.role, mechanic_id)
            with _named_if_left(work, after.email):
                return work.mechanics.save(after).view_for(actor)


@contextmanager
def _named_if_left(work: Work, email: str) -> Iterator[None]:
    """Have `EmailTaken` say so where the mechanic who has the address has left."""
    try:
        yield
    except EmailTaken:
        owner = work.accounts.find(email, staff=True)
        if owner is None or owner.active:
            raise
        detail = (
            f"mechanic {owner.holder_id} has this e-mail address and is inactive: "
            'PATCH {"active": true} takes them back'
        )
        raise EmailTaken(detail, mechanic_id=owner.holder_id) from None


def _own_changes(
    mechanic: Mechanic, actor: Actor, change: Callable[[MechanicForm], MechanicForm]
) -> MechanicForm:
    """Return the form after *change*, which may change what mechanics may of their own record.

    Raises `RoleForbids` for another value of any other field, and for any salary: an answer that
    depended on its value would tell a guesser what it is. Fields may be missing.
    """
    before = mechanic.form
    form = apply(change, evolve(before, salary=None), mechanic.view_for(actor))
    own = evolve(before, name=form.name, phone=form.phone, specialty=form.specialty)
    complete = evolve(
        form,
        email=form.email or own.email,
        salary=own.salary,
        role=form.role or own.role,
        active=own.active if form.active is None else form.active,
    )
    if form.salary is not None or complete != own:
        raise RoleForbids("mechanics may change only their own name, phone and specialty")
    return own


@final
@frozen
class LetMechanicGo:
    """Deactivate a mechanic, who can no longer log in; the history stays."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (MechanicNotFound, LastManager, MechanicChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, mechanic_id: MechanicId, expected: int | None = None) -> None:
        """Deactivate the mechanic and revoke all their sessions."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            mechanic, managers = work.mechanics.lock(mechanic_id)
            mechanic.require_version(expected)
            if mechanic.is_active_manager and managers == 1:
                raise LastManager
            if mechanic.active:
                work.mechanics.save(mechanic.deactivate(at))
                work.revocations.revoke_all(mechanic.role, mechanic_id, at)


@final
@frozen
class ReadLeaderboard:
    """Read the leaderboard."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(self, actor: Actor, limit: int, period: Period) -> Leaderboard:
        """Return the first *limit* mechanics by tickets with a service date in *period*."""
        self.policy.admit(actor)
        with self.read_only() as work:
            return Leaderboard(items=work.standings.top(limit, period))
