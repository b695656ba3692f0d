"""Mechanics."""

from typing import Annotated, TypeAlias, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.mechanics.leaderboard import Leaderboard
from mechanic_core.mechanics.mechanic import (
    Hiring,
    Mechanic,
    MechanicForm,
    MechanicId,
    PublicMechanic,
    StaffMechanic,
)
from mechanic_core.mechanics.use_cases import (
    ChangeMechanic,
    HireMechanic,
    LetMechanicGo,
    ListMechanics,
    ReadLeaderboard,
    ReadMechanic,
)
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import Between, Description, Example, checked
from mechanic_core.shop import Shop
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.use_cases.lists import ListWorked
from mechanic_core.unit_of_work import Prepared
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import ListQuery, PeriodQuery

SeenMechanic: TypeAlias = PublicMechanic | StaffMechanic | Mechanic
"""As much of a mechanic as the role may see."""

MOST_ON_THE_BOARD = 100


@frozen(kw_only=True, field_transformer=checked)
class LeaderboardQuery(PeriodQuery):
    """How much of the leaderboard, and over which service dates."""

    limit: Annotated[
        int,
        Between(1, MOST_ON_THE_BOARD),
        Example(10),
        Description("Number of mechanics on the leaderboard."),
    ] = MOST_ON_THE_BOARD


@frozen(kw_only=True)
class WorkedQuery(PeriodQuery, ListQuery):
    """Which piece of the list, and over which service dates."""

    def __attrs_post_init__(self) -> None:
        """Check both halves."""
        ListQuery.__attrs_post_init__(self)
        PeriodQuery.__attrs_post_init__(self)


@final
@frozen
class MechanicCollection:
    """Everybody who works here."""

    shop: Shop

    @endpoint(ListMechanics)
    def on_get(self, actor: Actor, page: PageRequest) -> Page[SeenMechanic]:
        """List mechanics."""
        return self.shop.list_mechanics(actor, page)

    @endpoint(HireMechanic, creates="/mechanics/{id}")
    def on_post(self, actor: Actor, hiring: Hiring) -> Prepared[Mechanic]:
        """Take somebody on."""
        return self.shop.hire_mechanic.prepare(actor, hiring)


@final
@frozen
class MechanicItem:
    """One mechanic."""

    shop: Shop

    @endpoint(ReadMechanic)
    def on_get(self, actor: Actor, mechanic_id: MechanicId) -> SeenMechanic:
        """Look a mechanic up."""
        return self.shop.read_mechanic(actor, mechanic_id)

    @endpoint(ChangeMechanic)
    def on_put(
        self,
        actor: Actor,
        mechanic_id: MechanicId,
        change: Replacement[MechanicForm],
        expected: int | None,
    ) -> SeenMechanic:
        """Replace what is known of a mechanic."""
        return self.shop.change_mechanic(actor, mechanic_id, change, expected)

    @endpoint(ChangeMechanic)
    def on_patch(
        self,
        actor: Actor,
        mechanic_id: MechanicId,
        change: MergePatch[MechanicForm],
        expected: int | None,
    ) -> SeenMechanic:
        """Correct some of what is known of a mechanic."""
        return self.shop.change_mechanic(actor, mechanic_id, change, expected)

    @endpoint(LetMechanicGo)
    def on_delete(self, actor: Actor, mechanic_id: MechanicId, expected: int | None) -> None:
        """Deactivate a mechanic: login stops, history stays."""
        self.shop.let_mechanic_go(actor, mechanic_id, expected)


@final
@frozen
class LeaderboardItem:
    """The leaderboard."""

    shop: Shop

    @endpoint(ReadLeaderboard)
    def on_get(self, actor: Actor, query: LeaderboardQuery) -> Leaderboard:
        """See who has worked the most tickets."""
        return self.shop.read_leaderboard(actor, query.limit, query.period)


@final
@frozen
class WorkedTickets:
    """What one mechanic has worked."""

    shop: Shop

    @endpoint(ListWorked)
    def on_get(
        self, actor: Actor, mechanic_id: MechanicId, query: WorkedQuery, page: PageRequest
    ) -> Page[Ticket]:
        """List the tickets behind a mechanic's figure on the leaderboard."""
        return self.shop.list_worked(actor, mechanic_id, query.period, page)
