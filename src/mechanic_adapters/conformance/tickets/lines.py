"""The contract of `Tickets`: the lines of a ticket."""

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.records import (
    add_customer,
    add_part,
    add_ticket,
    new_charge,
    new_labor_line,
    new_part_line,
)
from mechanic_adapters.conformance.tickets.ticket import read, save
from mechanic_core.money import MAX_MONEY, MAX_QUANTITY, WHOLE, Money, Quantity
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.line import CHARGES, LineKind
from mechanic_core.unit_of_work import Store


class TestTicketLines:
    """Lines with parts, labour and charges, stored with their ticket."""

    def test_gives_every_line_an_id(self, store: Store) -> None:
        """New lines get unique, ascending ids."""
        ada, part = add_customer(store), add_part(store)
        parts = (new_part_line(part), new_part_line(part))
        labor, charges = (new_labor_line(), new_labor_line()), (new_charge(), new_charge())

        one = add_ticket(store, ada, parts=parts, labor=labor, charges=charges)
        other = add_ticket(store, ada, parts=parts, labor=labor, charges=charges)

        for ids in (
            [0, *(line.id for line in one.parts + other.parts)],
            [0, *(line.id for line in one.labor + other.labor)],
            [0, *(line.id for line in one.charges + other.charges)],
            [0, *(job.id for job in one.jobs + other.jobs)],
        ):
            assert sorted(set(ids)) == ids

    def test_keeps_the_ids_of_lines(self, store: Store) -> None:
        """A line that stays has the same id; the id of a deleted line is never reused."""
        part = add_part(store)
        added = add_ticket(
            store,
            add_customer(store),
            parts=(new_part_line(part, 1), new_part_line(part, 2), new_part_line(part, 3)),
            labor=(new_labor_line("a"), new_labor_line("b")),
            charges=(new_charge(), new_charge(LineKind.FEE)),
        )
        changed = evolve(
            added,
            parts=(evolve(added.parts[0], quantity=Quantity(9)), added.parts[1]),
            labor=(added.labor[0],),
            charges=(evolve(added.charges[0], quantity=Quantity(-1)),),
        )

        after = save(store, changed)
        (job,) = after.jobs
        again = save(
            store,
            evolve(
                after,
                parts=(*after.parts, new_part_line(part, job_id=job.id)),
                labor=(*after.labor, new_labor_line("c", job_id=job.id)),
                charges=(*after.charges, new_charge(job_id=job.id)),
            ),
        )

        for before, lines in (
            (changed.parts, again.parts),
            (changed.labor, again.labor),
            (changed.charges, again.charges),
        ):
            assert before == lines[:-1]
        assert again.parts[-1].id > added.parts[-1].id
        assert again.labor[-1].id > added.labor[-1].id
        assert again.charges[-1].id > added.charges[-1].id
        assert again == read(store, added)

    def test_keeps_the_price_of_a_line(self, store: Store) -> None:
        """A later change of a part's SKU, name or price does not change existing lines."""
        part = add_part(store)
        added = add_ticket(store, add_customer(store), parts=(new_part_line(part),))

        with store.begin() as work:
            work.parts.save([evolve(part, sku="NEW", name="New", price=Money(1))])

        assert added == read(store, added)

    def test_keeps_the_terms_of_a_line(self, store: Store) -> None:
        """Discount, tax class and net come back, of lines of every kind."""
        amount, percent = Discount(amount=Money(MAX_MONEY)), Discount(percent=WHOLE)
        added = add_ticket(
            store,
            add_customer(store),
            parts=(
                new_part_line(add_part(store), discount=percent, tax_class="x-1", net=Money(0)),
            ),
            labor=(new_labor_line(discount=amount, tax_class="none", net=Money(2**60)),),
            charges=(new_charge(tax_class="y" * 40, net=Money(-(2**60))),),
        )
        swapped = evolve(
            added,
            parts=(evolve(added.parts[0], discount=amount, tax_class="none", net=Money(7)),),
            labor=(evolve(added.labor[0], discount=None, net=Money(-7)),),
            charges=(evolve(added.charges[0], discount=percent, tax_class="z"),),
        )

        assert added == read(store, added)
        after = save(store, swapped)

        assert evolve(swapped, version=added.version + 1) == after == read(store, added)

    @pytest.mark.parametrize("kind", CHARGES)
    def test_keeps_the_kind_of_a_charge(self, store: Store, kind: LineKind) -> None:
        """A charge of each kind comes back, with the greatest and the least quantity."""
        charges = tuple(
            new_charge(kind, quantity=Quantity(quantity), unit_price=Money(MAX_MONEY))
            for quantity in (MAX_QUANTITY, -MAX_QUANTITY)
        )

        added = add_ticket(store, add_customer(store), charges=charges)

        assert [kind, kind] == [line.kind for line in added.charges]
        assert added == read(store, added)
