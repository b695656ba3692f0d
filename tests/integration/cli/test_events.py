"""`events`: the feed as lines of JSON."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mechanic_core.access import SYSTEM, Actor, Role
from mechanic_core.inventory.part import PartForm
from mechanic_core.money import Money
from mechanic_shop import open_shop
from tests.integration.cli.outcomes import CommandLine, is_one_line
from tests.integration.programs import PATIENCE_S, environment

PAD = PartForm(name="Pad", sku="PAD", price=Money(4999))
DISC = PartForm(name="Disc", sku="DISC", price=Money(7999))


def test_prints_an_object_on_each_line(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `events` prints what has changed; a caller of the library is named, the system has no id.
    """
    with open_shop(tmp_path / "mechanic_shop.db") as shop:
        shop.add_part(Actor(Role.MANAGER, 4), PAD)
        shop.add_part(SYSTEM, DISC)

    every, second = shop_cli("events"), shop_cli("events", "--after", "1")

    lines = every.out.splitlines()
    printed = [json.loads(line) for line in lines]
    assert [
        (1, "part.created", "/inventory/1", {"role": "manager", "id": 4}),
        (2, "part.created", "/inventory/2", {"role": "system", "id": None}),
    ] == [(one["position"], one["type"], one["subject"], one["by"]) for one in printed]
    assert lines[1:] == second.out.splitlines()


def test_names_the_first_event_that_is_left(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    Where events are deleted it names the first that is there, and the option that goes on with it.
    """
    with open_shop(tmp_path / "mechanic_shop.db") as shop:
        for part in (PAD, DISC):
            shop.add_part(SYSTEM, part)
        shop.read_events(SYSTEM)
        with shop.begin() as work:
            work.events.sweep(datetime.now(UTC) + timedelta(days=1), 1)

    for words in ((), ("--follow",)):
        expired = shop_cli("events", *words)

        assert (1, "", True) == (expired.code, expired.out, is_one_line(expired.err))
        assert expired.err.endswith("the first that is there is 2: go on with --after 1\n")
    (line,) = shop_cli("events", "--after", "1").out.splitlines()
    assert 2 == json.loads(line)["position"]


def test_goes_on_after_a_restore(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    After a restore, with no event yet, the option that it names works.
    """
    with open_shop(tmp_path / "mechanic_shop.db") as shop:
        shop.add_part(SYSTEM, PAD)
    shop_cli("backup", "shop.backup")
    shop_cli("restore", "shop.backup", "--force")

    expired = shop_cli("events")
    named = re.findall(r"--after (\d+)", expired.err)
    again = shop_cli("events", "--after", *named)
    with open_shop(tmp_path / "mechanic_shop.db") as shop:
        shop.add_part(SYSTEM, DISC)
    later = shop_cli("events", "--after", *named)

    assert (1, 0, "") == (expired.code, again.code, again.out)
    assert 1 == len(later.out.splitlines())


@contextmanager
def heeding_ctrl_c() -> Iterator[None]:
    """Have processes that are started within the block heed SIGINT, also in a job that ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_follows_other_processes(tmp_path: Path) -> None:
    """
    `events --follow` prints an event soon after another process has committed it, until Ctrl-C.
    """
    with open_shop(tmp_path / "mechanic_shop.db") as shop:
        with heeding_ctrl_c():
            follower = subprocess.Popen(
                [sys.executable, "-m", "mechanic_shop", "events", "--follow"],
                cwd=tmp_path,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        with follower:
            printed = []
            for part in (PAD, DISC):
                shop.add_part(SYSTEM, part)
                printed.append(json.loads(follower.stdout.readline() if follower.stdout else ""))
            follower.send_signal(signal.SIGINT)
            _, said = follower.communicate(timeout=PATIENCE_S)

    assert [1, 2] == [event["position"] for event in printed]
    assert (0, "") == (follower.returncode, said)
