"""The profile record, the form that changes it, and the entries of its history."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Final, NewType, Self, TypeVar

from attrs import evolve, field, fields, frozen

from mechanic_core.access import Actor, By
from mechanic_core.errors import Conflict, Problem, ProblemCollector, RuleBroken, Stale
from mechanic_core.events.event import EventType, SubjectKind, changed_members
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.profile.billing import (
    NO_TOLERANCE,
    AuthorizationMode,
    Disclosures,
    Invoicing,
    SeriesPrefix,
    TermsDays,
    Tolerance,
    trimmed,
)
from mechanic_core.profile.calendar import TimeZone, day_in
from mechanic_core.profile.currency import Currency
from mechanic_core.rules import Description, Example, Length, Unpublished, checked, computed
from mechanic_core.texts import ONE_LINE, fold_case
from mechanic_core.validators import unchecked
from mechanic_core.values import LINE, Address, Email, Name, Phone, Version

V = TypeVar("V")

ProfileChangeId = NewType("ProfileChangeId", Annotated[int, Example(5)])

ShopName = Annotated[Name, Example("Springfield Motors")]
ShopEmail = Annotated[Email, Example("desk@springfield.example")]
Registration = Annotated[
    str,
    LINE,
    Length(1, 200),
    ONE_LINE,
    Description("Where and under which number the shop is registered, as it is printed."),
    Example("Automotive repair dealer ARD00123456"),
]
TaxNumber = Annotated[str, LINE, Length(1, 60), ONE_LINE, Example("12-3456789")]

_UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When the profile of a new shop was last changed: never."""


class ProfileChanged(Stale):
    """The profile has changed since you read it."""


class CurrencyFixed(Conflict):
    """The currency of the shop cannot be changed any more: something has a price or was paid."""

    fact_types: ClassVar = {"currency": Currency}


@frozen(kw_only=True, field_transformer=checked)
class PublicProfile:
    """What everybody may read of the shop."""

    name: ShopName
    address: Address | None
    phone: Phone | None
    email: ShopEmail | None
    time_zone: TimeZone
    currency: Currency
    version: Version


@frozen(kw_only=True, field_transformer=checked)
class ProfileValues(PricingRules):
    """What the shop says of itself, and its rules. *time_zone* decides every calendar day."""

    name: ShopName = "Mechanic Shop"
    address: Address | None = None
    phone: Phone | None = None
    email: ShopEmail | None = None
    registration: Registration | None = None
    tax_number: TaxNumber | None = None
    currency: Currency = "USD"
    time_zone: TimeZone = "UTC"
    authorization: Annotated[AuthorizationMode, Example(AuthorizationMode.OFF)] = (
        AuthorizationMode.OFF
    )
    tolerance: Tolerance = NO_TOLERANCE
    invoicing: Annotated[Invoicing, Example(Invoicing.OFF)] = Invoicing.OFF
    payment_terms_days: TermsDays = 0
    invoice_prefix: Annotated[SeriesPrefix, Example("INV-")] = "INV-"
    credit_note_prefix: Annotated[SeriesPrefix, Example("CN-")] = "CN-"
    disclosures: Disclosures = field(default=(), converter=trimmed)

    def __attrs_post_init__(self) -> None:
        """Check the rules between rates, and between the series of numbers."""
        problems = ProblemCollector()
        with problems:
            super().__attrs_post_init__()
        with problems:
            if fold_case(self.invoice_prefix) == fold_case(self.credit_note_prefix):
                raise RuleBroken(Problem("#/credit_note_prefix", "must not be the invoice_prefix"))
        problems.raise_if_any()

    @property
    def pricing_rules(self) -> PricingRules:
        """The rules of prices, alone."""
        return values_of(self, PricingRules)


@frozen(kw_only=True, field_transformer=checked)
class ProfileForm(ProfileValues):
    """The values of the profile, all of which have a default."""


@frozen(kw_only=True, field_transformer=checked)
class Profile(ProfileValues):
    """The shop's name, calendar and rules. A store has exactly one profile."""

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

    def with_form(self, form: ProfileForm, at: datetime) -> Self:
        """Return the profile with the values of *form*; itself if nothing changes."""
        values: dict[str, Any] = {
            one.name: getattr(form, one.name) for one in fields(ProfileValues)
        }
        after = evolve(self, **values)
        return self if after == self else evolve(after, updated_at=at)

    def view_for(self, actor: Actor) -> "PublicProfile | Profile":
        """Return the view of the profile for *actor*."""
        return self if actor.is_staff else values_of(self, PublicProfile)

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
    """Return a record of *cls*, whose fields *record* has too, with the same values."""
    names = (one.name for one in fields(cls))  # type: ignore[arg-type]  # any attrs class
    return unchecked(cls, **{name: getattr(record, name) for name in names})
