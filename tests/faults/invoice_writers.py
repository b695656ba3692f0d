"""Clients that invoice the same tickets at once, hang up on the shop, and try again."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from attrs import define, field, frozen

from mechanic_adapters.conformance.samples.rollback import rolled_back
from mechanic_core.access import Actor, Role
from mechanic_core.customers.customer import NewCustomer
from mechanic_core.errors import Unavailable
from mechanic_core.money import money, quantity
from mechanic_core.pricing.line import LineKind
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import TicketDraft, TransitionForm
from mechanic_core.tickets.lines.charge import ChargeForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from tests.faults.shop_processes import Client

MANAGER: Final = Actor(Role.MANAGER, 1)
DONE: Final = (Status.IN_PROGRESS, Status.COMPLETED)
REFUSED: Final = {"not-completed", "total-negative"}
IMPATIENT: Final = 0.25
"""How many of the requests are given up before their answer."""


@frozen
class Tickets:
    """Tickets to be invoiced, two kinds that never are, and one whose invoices are undone."""

    completed: Sequence[TicketId]
    unfinished: Sequence[TicketId]
    negative: Sequence[TicketId]
    undone: TicketId

    @classmethod
    def written(cls, shop: Shop, number: int, refused: int) -> "Tickets":
        """Return new ones: *number* completed, and *refused* of each kind that is refused."""
        with shop.begin():
            ada = shop.add_customer(MANAGER, NewCustomer(name="Ada", phone="555-0100")).id

            def written(price: int, *statuses: Status) -> TicketId:
                draft = TicketDraft(description="Grinds", customer_id=ada, mechanic_ids=(1,))
                ticket_id = shop.open_ticket(MANAGER, draft).id
                charge = ChargeForm(
                    kind=LineKind.CORE,
                    description="Core",
                    quantity=quantity(1 if price > 0 else -1),
                    unit_price=money(abs(price)),
                )
                shop.add_charge(MANAGER, ticket_id, charge)
                for to in statuses:
                    shop.move_ticket(MANAGER, ticket_id, TransitionForm(to=to))
                return ticket_id

            return cls(
                [written(1 + each, *DONE) for each in range(number)],
                [written(5) for _ in range(refused)],
                [written(-5, *DONE) for _ in range(refused)],
                written(7, *DONE),
            )


@define(eq=False)
class InvoiceWriters:
    """Concurrent clients, each with a random number generator of its own."""

    waiting: "SimpleQueue[TicketId]" = field(factory=SimpleQueue)
    issued: dict[str, int] = field(factory=dict)
    done: list[TicketId] = field(factory=list)
    seen: Counter[str] = field(factory=Counter)
    unexpected: list[object] = field(factory=list)
    rolled_back: int = 0
    _stopped: Event = field(factory=Event, init=False)

    @contextmanager
    def writing(self, client: Client, writers: int) -> Iterator[None]:
        """Invoice all that wait within the block, and leave it when that is done."""
        threads = [
            Thread(target=self._write, args=(client.copy_for(client.port), random.Random(seed)))
            for seed in range(writers)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
            for thread in threads:
                thread.join(60)
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join(30)

    def have_done(self, number: int) -> bool:
        """Return whether so many of the tickets that waited are done."""
        return len(self.done) >= number

    @contextmanager
    def rolling_back(self, shop: Shop, ticket_id: TicketId) -> Iterator[None]:
        """Issue an invoice again and again within the block, and undo it each time."""
        ended = Event()

        def undo() -> None:
            while not ended.wait(0.05):
                try:
                    with rolled_back(shop.store):
                        shop.issue_invoice(MANAGER, ticket_id)
                except Unavailable as error:
                    self.seen[type(error).__name__] += 1
                else:
                    self.rolled_back += 1

        thread = Thread(target=undo)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(30)

    def _write(self, client: Client, chance: random.Random) -> None:
        while not self._stopped.is_set():
            try:
                ticket_id = self.waiting.get_nowait()
            except Empty:
                return
            while not self._stopped.is_set() and not self._is_done(client, ticket_id, chance):
                pass
            self.done.append(ticket_id)

    def _is_done(self, client: Client, ticket_id: TicketId, chance: random.Random) -> bool:
        """Send one request; return whether the ticket needs no other."""
        path = f"/service_tickets/{ticket_id}/invoice"
        if chance.random() < IMPATIENT:
            self.seen["hung up"] += 1
            self._hang_up(client, path, chance)
            return False
        try:
            answer = client.ask("POST", path)
        except (OSError, HTTPException):
            self.seen["broken off"] += 1
            self._stopped.wait(0.02)
            return False
        code = answer.body.get("code", "issued")
        self.seen[code] += 1
        if answer.status == 201:
            self.issued[answer.body["number"]] = ticket_id
        elif answer.status == 503:
            self._stopped.wait(0.02)
            return False
        elif code != "already-invoiced" and code not in REFUSED:
            self.unexpected.append((answer.status, answer.body))
        return True

    def _hang_up(self, client: Client, path: str, chance: random.Random) -> None:
        """Send a request, and close the connection within 20 ms."""
        with closing(HTTPConnection("127.0.0.1", client.port, timeout=15)) as connection:
            try:
                connection.request("POST", path, headers=client.headers)
            except OSError:
                return
            self._stopped.wait(chance.uniform(0, 0.02))
