"""The port of the shop's profile."""

from typing import Protocol

from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.profile import Profile, ProfileChange


class Profiles(Protocol):
    """The profile, of which a store has exactly one, and its history."""

    def get(self) -> Profile:
        """Return the profile; `INITIAL_PROFILE` in a new store."""
        ...

    def lock(self) -> Profile:
        """Return the profile after locking it until the transaction ends."""
        ...

    def save(self, profile: Profile, change: ProfileChange) -> Profile:
        """Store the changed profile with a history entry; return it with its new version.

        Raises `LostRace` when the stored version is another one.
        """
        ...

    def history(self, page: PageRequest) -> Page[ProfileChange]:
        """Return the history, oldest first."""
        ...

    def has_prices(self) -> bool:
        """Return whether anything has a price: a part, a labour line, a charge or a payment.

        If nothing has, nothing gets one before the transaction ends.
        """
        ...
