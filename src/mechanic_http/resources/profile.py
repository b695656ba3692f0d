"""The shop's own name, address, time zone and rules."""

from typing import Final, TypeAlias, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.profile import Profile, ProfileChange, ProfileForm, PublicProfile
from mechanic_core.profile.use_cases import ChangeProfile, ListProfileHistory, ReadProfile
from mechanic_core.shop import Shop
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route

SeenProfile: TypeAlias = PublicProfile | Profile
"""The profile, for everybody and for staff."""


@final
@frozen
class ProfileItem:
    """The profile of the shop."""

    shop: Shop

    @endpoint(ReadProfile)
    def on_get(self, actor: Actor) -> SeenProfile:
        """Get the shop's profile."""
        return self.shop.read_profile(actor)

    @endpoint(ChangeProfile)
    def on_put(
        self, actor: Actor, change: Replacement[ProfileForm], expected: int | None
    ) -> Profile:
        """Replace the shop's profile."""
        return self.shop.change_profile(actor, change, expected)

    @endpoint(ChangeProfile)
    def on_patch(
        self, actor: Actor, change: MergePatch[ProfileForm], expected: int | None
    ) -> Profile:
        """Update the shop's profile."""
        return self.shop.change_profile(actor, change, expected)


@final
@frozen
class ProfileHistory:
    """The history of the profile."""

    shop: Shop

    @endpoint(ListProfileHistory)
    def on_get(self, actor: Actor, page: PageRequest) -> Page[ProfileChange]:
        """List the changes of the shop's profile, oldest first."""
        return self.shop.list_profile_history(actor, page)


ROUTES: Final = (
    Route("/shop", ProfileItem),
    Route("/shop/history", ProfileHistory),
)
