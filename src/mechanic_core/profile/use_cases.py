"""Read and change the shop's profile, and list its history."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import MANAGERS_ONLY, PUBLIC, Actor
from mechanic_core.changes import apply
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.profile import (
    CurrencyFixed,
    Profile,
    ProfileChange,
    ProfileChanged,
    ProfileForm,
    PublicProfile,
)
from mechanic_core.tickets.price import priced
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class ReadProfile:
    """Read the shop's profile."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(self, actor: Actor) -> PublicProfile | Profile:
        """Return the profile as *actor* sees it: the whole for staff."""
        self.policy.admit(actor)
        with self.read_only() as work:
            return work.profiles.get().view_for(actor)


@final
@frozen
class ChangeProfile:
    """Change the shop's profile; unfinished tickets follow its tax rates and fees at once."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (CurrencyFixed, ProfileChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        change: Callable[[ProfileForm], ProfileForm],
        expected: int | None = None,
    ) -> Profile:
        """Apply *change* to the present form and return the changed profile."""
        self.policy.admit(actor)
        with self.begin(actor) as work:
            profile = work.profiles.lock()
            profile.require_version(expected)
            form = apply(change, profile.form, profile)
            after = profile.with_form(form, self.now())
            if after is profile:
                return profile
            if after.currency != profile.currency and work.profiles.has_prices():
                raise CurrencyFixed(currency=profile.currency)
            after = work.profiles.save(after, ProfileChange.between(profile, after, actor))
            rules = after.pricing_rules
            if rules != profile.pricing_rules:
                work.ticket_prices.restamp(lambda ticket: priced(ticket, rules))
            return after


@final
@frozen
class ListProfileHistory:
    """List the changes of the shop's profile: who changed what when."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, page: PageRequest) -> Page[ProfileChange]:
        """Return the history, oldest first."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            return work.profiles.history(page)
