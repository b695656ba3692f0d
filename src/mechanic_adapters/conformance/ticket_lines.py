"""The contract of `Tickets`: the lines of a ticket."""

from attrs import evolve

from mechanic_adapters.conformance.samples.records import (
    add_customer,
    add_part,
    add_ticket,
    new_labor_line,
    new_part_line,
)
from mechanic_adapters.conformance.tickets import read, save
from mechanic_core.money import Money, Quantity
from mechanic_core.unit_of_work import Store


class TestTicketLines:
    """Lines with parts and labour, stored with their ticket."""

    def test_gives_every_line_an_id(self, store: Store) -> None:
        """New lines get unique, ascending ids."""
        ada, part = add_customer(store), add_part(store)
        lines = (new_part_line(part), new_part_line(part))

        one = add_ticket(store, ada, parts=lines, labor=(new_labor_line(), new_labor_line()))
        other = add_ticket(store, ada, parts=lines, labor=(new_labor_line(), new_labor_line()))

        for ids in (
            [0, *(line.id for line in one.parts + other.parts)],
            [0, *(line.id for line in one.labor + other.labor)],
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
        )
        changed = evolve(
            added,
            parts=(evolve(added.parts[0], quantity=Quantity(9)), added.parts[1]),
            labor=(added.labor[0],),
        )

        after = save(store, changed)
        again = save(
            store,
            evolve(
                after,
                parts=(*after.parts, new_part_line(part)),
                labor=(*after.labor, new_labor_line("c")),
            ),
        )

        assert (changed.parts, changed.labor) == (after.parts, after.labor)
        assert (changed.parts, changed.labor) == (again.parts[:-1], again.labor[:-1])
        assert again.parts[-1].id > added.parts[-1].id
        assert again.labor[-1].id > added.labor[-1].id
        assert again == read(store, added)

    def test_keeps_the_price_of_a_line(self, store: Store) -> None:
        """A later change of a part's SKU, name or price does not change existing lines."""
        part = add_part(store)
        added = add_ticket(store, add_customer(store), parts=(new_part_line(part),))

        with store.begin() as work:
            work.parts.save([evolve(part, sku="NEW", name="New", price=Money(1))])

        assert added == read(store, added)
