"""Writers over HTTP, which do whatever the API allows, to things that others change too."""

import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException
from itertools import count
from random import Random
from threading import Thread
from typing import Any, Final, TypeAlias

from attrs import define, field

from tests.faults.shop_processes import Client

MARK: Final = "zq"
"""Part of every name, e-mail address, phone number and plate; ids and types do not have it."""

PASSWORD: Final = "correct horse battery"
OLDEST_CHANGED: Final = 30
"""How many of the newest things of a kind are changed: writers shall meet."""

WORKFLOW: Final = (
    *("in_progress", "on_hold", "in_progress", "completed", "in_progress", "completed"),
    *("closed", "cancelled"),
)

Ask: TypeAlias = Callable[..., Any]
"""Sends a request, and returns the body of the response, empty unless it succeeded."""


@define(eq=False)
class Hand:
    """One writer's choices; the newest id of each kind is shared by all."""

    random: Random
    newest: dict[str, int]
    numbers: Iterator[int]
    merged: set[str]

    def word(self) -> str:
        """Return a new personal datum."""
        return f"{MARK}{next(self.numbers)}{MARK}{self.random.randrange(10**6)}"

    def mail(self) -> str:
        """Return a new e-mail address."""
        return f"{self.word()}@{MARK}.example"

    def key_for(self, path: str) -> dict[str, str]:
        """Return the `Idempotency-Key` of a request in which money changes hands."""
        is_keyed = path.endswith(("/payments", "/refunds", "/credit_notes"))
        return {"Idempotency-Key": f"key-{next(self.numbers)}"} if is_keyed else {}

    def some(self, kind: str) -> int:
        """Return the id of one of the newest things of a *kind*."""
        newest = self.newest.get(kind, 1)
        return self.random.randint(max(1, newest - OLDEST_CHANGED), newest)

    def path(self, kind: str) -> str:
        """Return the path of one of the newest things of a *kind*."""
        return f"/{kind}/{self.some(kind)}"

    def create(self, ask: Ask, kind: str, **body: Any) -> int:
        """Create a thing; return its id, 0 if that was refused."""
        new: int = ask("POST", f"/{kind}", body).get("id", 0)
        self.newest[kind] = max(self.newest.get(kind, 1), new)
        return new


def change_people(hand: Hand, ask: Ask) -> None:
    """Register, change and erase customers; hire, rename and deactivate mechanics."""
    if hand.random.random() < 0.4:  # a password hash is slow
        hand.create(ask, "customers", name=hand.word(), email=hand.mail(), password=PASSWORD)
        hand.create(ask, "mechanics", name=hand.word(), email=hand.mail(), password=PASSWORD)
    ask("PATCH", hand.path("customers"), {"name": hand.word(), "phone": f"1{hand.word()}"})
    ask("PATCH", hand.path("customers"), {"email": hand.mail()})
    ask("DELETE", hand.path("customers"))
    mechanic = f"/mechanics/{max(2, hand.some('mechanics'))}"  # the first is the manager
    ask("PATCH", mechanic, {"name": hand.word(), "salary": hand.random.randint(1, 99)})
    if hand.random.random() < 0.3:
        ask("DELETE", mechanic)
        ask("PATCH", f"/mechanics/{max(2, hand.some('mechanics'))}", {"active": True})


def erase_a_customer(hand: Hand, ask: Ask) -> None:
    """Register a customer whose vehicle comes to the shop, and erase both again."""
    customer = hand.create(ask, "customers", name=hand.word(), email=hand.mail(), password=PASSWORD)
    vehicle = hand.create(ask, "vehicles", customer_id=customer, plate=hand.word())
    ticket = hand.create(
        ask, "service_tickets", customer_id=customer, vehicle_id=vehicle, description="Grinds"
    )
    ask("PATCH", f"/customers/{customer}", {"phone": f"1{hand.word()}"})
    lead(ask, f"/service_tickets/{ticket}", hand.random.choice((WORKFLOW, WORKFLOW[-1:])))
    ask("DELETE", f"/customers/{customer}")


def merge_customers(hand: Hand, ask: Ask) -> None:
    """Register somebody again, whose vehicle comes to the shop, and merge the two records."""
    customer = hand.create(ask, "customers", name=hand.word(), email=hand.mail(), password=PASSWORD)
    vehicle = hand.create(ask, "vehicles", customer_id=customer, plate=hand.word())
    hand.create(
        ask, "service_tickets", customer_id=customer, vehicle_id=vehicle, description="Grinds"
    )
    hand.merged.add(f"/customers/{customer}")
    ask("POST", f"{hand.path('customers')}/merge", {"from_id": customer})


def change_vehicles(hand: Hand, ask: Ask) -> None:
    """Add, sell and delete vehicles, and change their plates."""
    hand.create(ask, "vehicles", customer_id=hand.some("customers"), plate=hand.word())
    ask("PATCH", hand.path("vehicles"), {"plate": hand.word()})
    ask("PATCH", hand.path("vehicles"), {"customer_id": hand.some("customers")})
    ask("DELETE", hand.path("vehicles"))


def change_stock(hand: Hand, ask: Ask) -> None:
    """Add, price, count, move, archive and restore parts."""
    price, quantity = hand.random.randint(1, 99), hand.random.randint(5, 50)
    hand.create(ask, "inventory", name="Pad", price=price, quantity=quantity)
    ask("PATCH", hand.path("inventory"), {"price": price})
    ask("PATCH", hand.path("inventory"), {"quantity": quantity})
    ask("POST", f"{hand.path('inventory')}/movements", {"kind": "receive", "quantity": quantity})
    part = hand.path("inventory")
    ask("PATCH", part, {"quantity": 0})
    ask("DELETE", part)
    if hand.random.random() < 0.5:
        ask("POST", f"{part}/restore")


def change_tickets(hand: Hand, ask: Ask) -> None:
    """Open tickets, change them and their lines, and delete some."""
    hand.create(
        ask,
        "service_tickets",
        customer_id=hand.some("customers"),
        description="Grinds",
        **({"vehicle_id": hand.some("vehicles")} if hand.random.random() < 0.5 else {}),
    )
    add, remove = hand.some("mechanics"), hand.some("mechanics")
    ask("PUT", f"{hand.path('service_tickets')}/edit", {"add_ids": [add], "remove_ids": [remove]})
    ask("PATCH", hand.path("service_tickets"), {"description": f"Grinds {price_of(hand)}"})
    ask("PATCH", hand.path("service_tickets"), {"customer_id": hand.some("customers")})
    ticket = hand.path("service_tickets")
    part = {"part_id": hand.some("inventory"), "quantity": hand.random.choice((1, 1.5))}
    line = ask("POST", f"{ticket}/parts", part).get("id", 1)
    ask("PATCH", f"{ticket}/parts/{line}", {"quantity": 2})
    labor = {"description": "Replace", "hours": 1, "rate": price_of(hand)}
    if hand.random.random() < 0.5:  # who is hardly ever on the ticket
        labor["mechanic_id"] = add
    line = ask("POST", f"{ticket}/labor", labor).get("id", 1)
    ask("PATCH", f"{ticket}/labor/{line}", {"rate": price_of(hand)})
    ask("DELETE", f"{ticket}/{hand.random.choice(('parts', 'labor'))}/{line}")
    ask("DELETE", hand.path("service_tickets"))


def work_on_a_ticket(hand: Hand, ask: Ask) -> None:
    """Lead a ticket through its workflow, as far as others let it."""
    ticket = hand.path("service_tickets")
    lead(ask, ticket, WORKFLOW[: hand.random.randint(1, len(WORKFLOW))])
    if hand.random.random() < 0.3:
        ask("POST", f"{ticket}/transitions", {"to": "cancelled"})


def agree_on_work(hand: Hand, ask: Ask) -> None:
    """Offer a new job of a ticket, which is authorized or declined."""
    ticket = hand.path("service_tickets")
    job = ask("POST", f"{ticket}/jobs", {"title": "Wipers"}).get("id", 0)
    number = ask("POST", f"{ticket}/estimates", {"job_ids": [job]}).get("number", 1)
    answer = {"job_id": job, "answer": hand.random.choice(("authorized", "declined"))}
    told = {"answers": [answer], "person": "Di", "channel": "in_person"}
    ask("POST", f"{ticket}/estimates/{number}/decisions", told)


def settle_a_ticket(hand: Hand, ask: Ask) -> None:
    """Invoice a finished ticket and have it paid; give some of it back."""
    ticket = hand.path("service_tickets")
    ask("POST", f"{ticket}/labor", {"description": "Replace", "hours": 1, "rate": price_of(hand)})
    lead(ask, ticket, ("in_progress", "completed"))
    invoice = ask("POST", f"{ticket}/invoice")
    paid = {"amount": invoice.get("due", 1), "method": hand.random.choice(("cash", "card"))}
    payment = ask("POST", f"{ticket}/payments", paid).get("id", 1)
    if hand.random.random() < 0.5:
        refund = {"amount": paid["amount"], "reason": "Goodwill"}
        credit = {"all": True, "reason": "Goodwill"}
        ask("POST", f"/invoices/{invoice.get('id', 1)}/credit_notes", credit)
        ask("POST", f"/payments/{payment}/refunds", refund)


def change_the_shop(hand: Hand, ask: Ask) -> None:
    """Rename the shop, or move it to another time zone."""
    ask("PATCH", "/shop", {"name": hand.word()})
    ask("PATCH", "/shop", {"time_zone": hand.random.choice(("UTC", "Asia/Tokyo"))})


def lead(ask: Ask, ticket: str, statuses: Sequence[str]) -> None:
    """Give a ticket to the manager, who stays active, and lead it through *statuses*."""
    ask("PUT", f"{ticket}/edit", {"add_ids": [1]})
    for status in statuses:
        ask("POST", f"{ticket}/transitions", {"to": status})


def price_of(hand: Hand) -> int:
    """Return a random price."""
    return hand.random.randint(1, 99)


CHANGES: Final = (
    *(change_people, change_vehicles, change_stock, change_tickets, work_on_a_ticket),
    *(change_tickets, erase_a_customer, merge_customers, change_the_shop),
    *(agree_on_work, settle_a_ticket),
)


@define(eq=False)
class HttpWriters:
    """Threads that change the shop over HTTP for some seconds."""

    client: Client
    threads: list[Thread] = field(factory=list)
    failures: list[str] = field(factory=list)
    """Answers that no client should get."""
    newest: dict[str, int] = field(factory=dict)
    numbers: Iterator[int] = field(factory=lambda: count(1))
    merged: set[str] = field(factory=set)
    """The customers whose data may be another one's since a merge, by path."""

    def start(self, writers: int, seconds: float) -> None:
        """Start so many *writers*, which stop after some *seconds*."""
        until = time.monotonic() + seconds
        self.threads = [Thread(target=self._write, args=(n, until)) for n in range(writers)]
        for thread in self.threads:
            thread.start()

    @property
    def resting(self) -> bool:
        """Whether all have stopped."""
        return not any(thread.is_alive() for thread in self.threads)

    def _write(self, seed: int, until: float) -> None:
        client = self.client.copy_for(self.client.port)
        hand = Hand(Random(seed), self.newest, self.numbers, self.merged)

        def ask(method: str, path: str, body: Any = None) -> Any:
            try:
                answer = client.ask(method, path, body, **hand.key_for(path))
            except (OSError, HTTPException):  # the process was killed
                return {}
            if answer.status in (400, 401, 405, 415, 500):
                self.failures.append(f"{method} {path} {body}: {answer.status} {answer.body}")
            return answer.body or {} if answer.status < 300 else {}

        while time.monotonic() < until:
            for change in hand.random.sample(CHANGES, len(CHANGES)):
                change(hand, ask)
