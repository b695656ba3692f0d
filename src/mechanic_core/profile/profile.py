"""The profile record, the form that changes it, and the entries of its history."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Final, NewType, Self, TypeVar

from attrs import evolve, fields, frozen

from mechanic_core.access import Actor, By
from mechanic_core.errors import Conflict, Stale
from mechanic_core.events.event import EventType, SubjectKind, changed_members
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.profile.calendar import TimeZone, day_in
from mechanic_core.rules import Description, Example, Pattern, Unpublished, checked, computed
from mechanic_core.values import LINE, Address, Email, Name, Phone, Version

V = TypeVar("V", bound="ProfileValues")

ProfileChangeId = NewType("ProfileChangeId", Annotated[int, Example(5)])

ShopName = Annotated[Name, Example("Springfield Motors")]
ShopEmail = Annotated[Email, Example("desk@springfield.example")]

Currency = Annotated[
    str,
    LINE,
    Pattern(r"[A-Z]{3}", "must be the code of a currency, three capital letters (ISO 4217)"),
    Description("The code of the currency (ISO 4217). It cannot be changed."),
    Example("USD"),
]

_UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When the profile of a new shop was last changed: never."""


class ProfileChanged(Stale):
    """The profile has changed since you read it."""


class CurrencyFixed(Conflict):
    """The currency of the shop cannot be changed."""

    fact_types: ClassVar = {"currency": Currency}


@frozen(kw_only=True, field_transformer=checked)
class ProfileValues:
    """What the shop says of itself. *time_zone* decides every calendar day."""

    name: ShopName = "Mechanic Shop"
    address: Address | None = None
    phone: Phone | None = None
    email: ShopEmail | None = None
    currency: Currency = "USD"
    time_zone: TimeZone = "UTC"


@frozen(kw_only=True, field_transformer=checked)
class ProfileForm(ProfileValues):
    """The values of the profile, all of which have a default."""


@frozen(kw_only=True, field_transformer=checked)
class Profile(ProfileValues):
    """The shop's name, address and time zone. A store has exactly one profile."""

    subject_kind: ClassVar = SubjectKind.SHOP

    id: Annotated[int, Unpublished()] = 1
    updated_at: Annotated[datetime, Unpublished()] = _UNKNOWN_TIME
    version: Version = 1

    def event_type(self, _: Self | None) -> EventType:
        """Return what happened: a profile is changed, and never new."""
        return EventType.SHOP_CHANGED

    def require_version(self, expected: int | None) -> None:
        """Raise `ProfileChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise ProfileChanged

    @property
    def form(self) -> ProfileForm:
        """The present values."""
        return values_of(self, ProfileForm)

    @property
    def pricing_rules(self) -> PricingRules:
        """The part that decides prices."""
        return PricingRules()

    def with_form(self, form: ProfileForm, at: datetime) -> Self:
        """Return the profile with the values of *form*; itself if nothing changes.

        Raises `CurrencyFixed` for another currency.
        """
        if form.currency != self.currency:
            raise CurrencyFixed(currency=self.currency)
        after = evolve(self, **_as_dict(form))
        return self if after == self else evolve(after, updated_at=at)

    def today(self, at: datetime) -> date:
        """Return the calendar day in the shop at a moment."""
        return day_in(self.time_zone, at)


INITIAL_PROFILE: Final = Profile()
"""The profile of a new shop."""


@frozen(kw_only=True, field_transformer=checked)
class ProfileChange:
    """An entry of the profile's history: who changed what when. It is append-only."""

    id: ProfileChangeId = ProfileChangeId(0)  # until it is stored
    at: datetime
    by: By
    before: ProfileValues
    after: ProfileValues

    @classmethod
    def between(cls, before: Profile, after: Profile, actor: Actor) -> Self:
        """Return a new entry, to be stored with the change from *before* to *after*."""
        return cls(
            at=after.updated_at,
            by=By(role=actor.role, id=actor.id),
            before=values_of(before, ProfileValues),
            after=values_of(after, ProfileValues),
        )

    @computed
    def changes(self) -> Annotated[tuple[str, ...], Example(("time_zone",))]:
        """The names of the members that differ."""
        return changed_members(self.before, self.after)


def values_of(record: ProfileValues, cls: type[V]) -> V:
    """Return the values of *record*, and nothing else of it, as a record of *cls*."""
    return cls(**_as_dict(record))


def _as_dict(record: ProfileValues) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(ProfileValues)}
