"""What people do with mechanics."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import MANAGERS_ONLY, PUBLIC, SELF_OR_MANAGER, Actor, RoleForbids
from mechanic_core.accounts.account import Account
from mechanic_core.accounts.ports import Passwords
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.mechanics.leaderboard import Leaderboard, Period
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
from mechanic_core.unit_of_work import Begin, Prepared, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class HireMechanic:
    """Take somebody on."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (EmailTaken,)

    begin: Begin
    passwords: Passwords

    def __call__(self, actor: Actor, hiring: Hiring) -> Mechanic:
        """Return the new mechanic, who can log in from now on."""
        return self.prepare(actor, hiring)()

    def prepare(self, actor: Actor, hiring: Hiring) -> Prepared[Mechanic]:
        """Hash the password, which is slow on purpose, and return what is left to do."""
        self.policy.admit(actor)
        return partial(self._keep, hiring, self.passwords.hash(hiring.password))

    @retry_on_conflict
    def _keep(self, hiring: Hiring, password_hash: str) -> Mechanic:
        new = Mechanic(id=MechanicId(0), name=hiring.name, email=hiring.email)
        with self.begin() as work:
            mechanic = work.mechanics.add(new.with_form(hiring))
            work.accounts.put(
                Account(role=mechanic.role, holder_id=mechanic.id, password_hash=password_hash)
            )
        return mechanic


@final
@frozen
class ListMechanics:
    """See who works here; staff also see who did."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(self, actor: Actor, page: PageRequest) -> Page[PublicMechanic]:
        """Return as much of each mechanic as the caller may see."""
        self.policy.admit(actor)
        with self.read_only() as work:
            found = work.mechanic_lists.find(page, active_only=not actor.is_staff)
        return found.map(lambda mechanic: mechanic.view_for(actor))


@final
@frozen
class ReadMechanic:
    """Look a mechanic up."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = (MechanicNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, mechanic_id: MechanicId) -> PublicMechanic:
        """Return as much of the mechanic as the caller may see."""
        self.policy.admit(actor)
        with self.read_only() as work:
            mechanic = work.mechanics.get(mechanic_id)
        if not mechanic.active and not actor.is_staff:
            raise MechanicNotFound
        return mechanic.view_for(actor)


@final
@frozen
class ChangeMechanic:
    """Correct what is known of a mechanic; of themselves they may mend name, phone, specialty."""

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
        """Return the mechanic with the form that *change* makes of the present one."""
        self.policy.admit(actor)
        if not self.policy.allows(actor, mechanic_id):
            raise RoleForbids("only managers change another mechanic")
        with self.begin() as work:
            mechanic, managers = work.mechanics.lock(mechanic_id)
            mechanic.require_version(expected)
            form = change(mechanic.form)
            after = mechanic.with_form(form if actor.is_manager else _own(mechanic.form, form))
            if after == mechanic:
                return mechanic.view_for(actor)
            if mechanic.is_active_manager and not after.is_active_manager and managers == 1:
                raise LastManager
            if (after.role, after.active) != (mechanic.role, mechanic.active):
                work.revocations.revoke_all(mechanic.role, mechanic_id, self.now())
            return work.mechanics.save(after).view_for(actor)


def _own(before: MechanicForm, form: MechanicForm) -> MechanicForm:
    """Return what mechanics may change of themselves; what they can't see stays if left out."""
    own = evolve(before, name=form.name, phone=form.phone, specialty=form.specialty)
    said = evolve(
        form,
        email=form.email or own.email,
        salary=own.salary if form.salary is None else form.salary,
        role=form.role or own.role,
        active=own.active if form.active is None else form.active,
    )
    if said != own:
        raise RoleForbids("of themselves mechanics change name, phone and specialty only")
    return own


@final
@frozen
class LetMechanicGo:
    """Deactivate a mechanic: login stops, history stays."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (MechanicNotFound, LastManager, MechanicChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, mechanic_id: MechanicId, expected: int | None = None) -> None:
        """End the mechanic's sessions and refuse their next login."""
        self.policy.admit(actor)
        with self.begin() as work:
            mechanic, managers = work.mechanics.lock(mechanic_id)
            mechanic.require_version(expected)
            if mechanic.is_active_manager and managers == 1:
                raise LastManager
            if mechanic.active:
                work.mechanics.save(evolve(mechanic, active=False))
                work.revocations.revoke_all(mechanic.role, mechanic_id, self.now())


@final
@frozen
class ReadLeaderboard:
    """See who has worked the most tickets."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(self, actor: Actor, limit: int, period: Period) -> Leaderboard:
        """Return the first *limit* mechanics by tickets with a service date in *period*."""
        self.policy.admit(actor)
        with self.read_only() as work:
            return Leaderboard(items=work.standings.top(limit, period))
