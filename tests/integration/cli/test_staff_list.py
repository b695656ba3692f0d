"""`staff list`: who can log in as staff."""

from mechanic_core.access import SYSTEM
from mechanic_core.mechanics.mechanic import Hiring, MechanicId
from mechanic_core.paging import MAX_PAGE_SIZE
from mechanic_shop import open_shop
from tests.integration.cli.outcomes import ADD, CommandLine
from tests.strategies import sample


def test_everybody_has_a_line(shop_cli: CommandLine, url: str) -> None:
    """
    Each account has a line with id, role, name, address and activity; also one that has left.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)
    none = shop_cli("staff", "list", DATABASE_URL=url)
    shop_cli(*ADD, "--password-stdin", given="correct horse\n", DATABASE_URL=url)
    with open_shop(url) as shop:
        shop.hire_mechanic(SYSTEM, sample(Hiring, name="Bob Moss", email="bob@example.com"))
        shop.let_mechanic_go(SYSTEM, MechanicId(2))

    listed = shop_cli("staff", "list", DATABASE_URL=url)

    assert (0, "") == (none.code, none.out)
    assert [
        "1\tmanager\tGrace\tgrace@example.com\tactive",
        "2\tmechanic\tBob Moss\tbob@example.com\tinactive",
    ] == listed.out.splitlines()


def test_more_than_a_page(shop_cli: CommandLine, url: str) -> None:
    """
    All accounts are listed, however many there are.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)
    with open_shop(url) as shop:
        for number in range(MAX_PAGE_SIZE + 1):
            shop.hire_mechanic(SYSTEM, sample(Hiring, email=f"m{number}@example.com"))

    listed = shop_cli("staff", "list", DATABASE_URL=url)

    assert MAX_PAGE_SIZE + 1 == len(listed.out.splitlines())
