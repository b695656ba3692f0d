"""Mechanics and the leaderboard."""

from typing import Annotated, Final, TypeAlias, final

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
from mechanic_core.values import SearchText
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import ListQuery, PeriodQuery
from mechanic_http.endpoint.route import Route

SeenMechanic: TypeAlias = PublicMechanic | StaffMechanic | Mechanic
"""The views of a mechanic that roles may see, from the narrowest to the widest."""

LEADERBOARD_LIMIT = 100


@frozen(kw_only=True, field_transformer=checked)
class LeaderboardQuery(PeriodQuery):
    """Length and period of the leaderboard."""

    limit: Annotated[
        int,
        Between(1, LEADERBOARD_LIMIT),
        Example(10),
        Description("Number of mechanics on the leaderboard."),
    ] = LEADERBOARD_LIMIT


@frozen(kw_only=True, field_transformer=checked)
class MechanicQuery(ListQuery):
    """Filters of the list of mechanics."""

    q: Annotated[
        SearchText | None,
        Description(
            "Words that begin words of the name, in any order, without regard to case and accents."
        ),
    ] = None


@frozen(kw_only=True)
class WorkedQuery(PeriodQuery, ListQuery):
    """Page and period of the list of worked tickets."""


@final
@frozen
class MechanicCollection:
    """The list of mechanics."""

    shop: Shop

    @endpoint(ListMechanics)
    def on_get(self, actor: Actor, query: MechanicQuery, page: PageRequest) -> Page[SeenMechanic]:
        """List mechanics."""
        return self.shop.list_mechanics(actor, page, query.q)

    @endpoint(HireMechanic, creates="/mechanics/{id}")
    def on_post(self, actor: Actor, hiring: Hiring) -> Prepared[Mechanic]:
        """Hire a mechanic."""
        return self.shop.hire_mechanic.prepare(actor, hiring)


@final
@frozen
class MechanicItem:
    """One mechanic."""

    shop: Shop

    @endpoint(ReadMechanic)
    def on_get(self, actor: Actor, mechanic_id: MechanicId) -> SeenMechanic:
        """Get a mechanic."""
        return self.shop.read_mechanic(actor, mechanic_id)

    @endpoint(ChangeMechanic)
    def on_put(
        self,
        actor: Actor,
        mechanic_id: MechanicId,
        change: Replacement[MechanicForm],
        expected: int | None,
    ) -> SeenMechanic:
        """Replace a mechanic."""
        return self.shop.change_mechanic(actor, mechanic_id, change, expected)

    @endpoint(ChangeMechanic)
    def on_patch(
        self,
        actor: Actor,
        mechanic_id: MechanicId,
        change: MergePatch[MechanicForm],
        expected: int | None,
    ) -> SeenMechanic:
        """Update a mechanic."""
        return self.shop.change_mechanic(actor, mechanic_id, change, expected)

    @endpoint(LetMechanicGo)
    def on_delete(self, actor: Actor, mechanic_id: MechanicId, expected: int | None) -> None:
        """Deactivate a mechanic; the tickets worked on remain."""
        self.shop.let_mechanic_go(actor, mechanic_id, expected)


@final
@frozen
class LeaderboardItem:
    """The leaderboard."""

    shop: Shop

    @endpoint(ReadLeaderboard)
    def on_get(self, actor: Actor, query: LeaderboardQuery) -> Leaderboard:
        """Rank mechanics by the number of tickets worked on."""
        return self.shop.read_leaderboard(actor, query.limit, query.period)


@final
@frozen
class WorkedTickets:
    """The tickets that one mechanic has worked on."""

    shop: Shop

    @endpoint(ListWorked)
    def on_get(
        self, actor: Actor, mechanic_id: MechanicId, query: WorkedQuery, page: PageRequest
    ) -> Page[Ticket]:
        """List the tickets that count for a mechanic on the leaderboard."""
        return self.shop.list_worked(actor, mechanic_id, query.period, page)


ROUTES: Final = (
    Route("/mechanics", MechanicCollection),
    Route("/mechanics/leaderboard", LeaderboardItem),
    Route("/mechanics/{mechanic_id}", MechanicItem),
    Route("/mechanics/{mechanic_id}/worked", WorkedTickets),
)
