"""The shop opens where Python has no POSIX modules, as on Windows."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from tests.integration.programs import PATIENCE_S, environment

WITHOUT_POSIX: Final = """
    import asyncio, builtins, multiprocessing, os, signal, subprocess, sys

    POSIX_ONLY = {"fcntl", "grp", "posix", "pwd", "resource", "syslog", "termios", "tty"}
    NAMES = {
        os: (
            "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_SYNC WNOHANG chown fchmod fchown fork "
            "forkpty getegid geteuid getgid getgroups getuid killpg lchown mkfifo "
            "posix_spawn pread pwrite register_at_fork sched_getaffinity setsid wait"
        ),
        signal: (
            "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 SIGUSR2 SIG_BLOCK SIG_UNBLOCK "
            "SIG_SETMASK pthread_sigmask setitimer sigwait"
        ),
    }
    import_module = builtins.__import__

    def import_portable(name, globals=None, locals=None, fromlist=(), level=0):
        # Other packages choose by sys.platform, and have what they need.
        importer = str((globals or {}).get("__name__", ""))
        if not level and name in POSIX_ONLY and importer.startswith("mechanic_"):
            raise ModuleNotFoundError(f"{importer} imports {name}", name=name)
        return import_module(name, globals, locals, fromlist, level)

    builtins.__import__ = import_portable
    for module, names in NAMES.items():
        for name in names.split():
            delattr(module, name)
"""
"""Removes from Python, for our packages, what Windows does not have."""

A_JOB: Final = """
    from mechanic_core import money, quantity
    from mechanic_core.access import Actor, Role
    from mechanic_core.accounts.account import Credentials
    from mechanic_core.customers.customer import Registration
    from mechanic_core.mechanics.mechanic import Hiring
    from mechanic_core.tickets.forms import TicketDraft, TransitionForm
    from mechanic_core.tickets.lines.labor_line import LaborLineForm
    from mechanic_core.tickets.workflow import Status
    from mechanic_shop import open_shop

    owner = Actor(Role.MANAGER)
    with open_shop("sqlite:///shop.db") as shop:
        lee = shop.hire_mechanic(
            owner, Hiring(name="Lee", email="lee@example.com", password="correct horse")
        )
        ada = shop.register_customer(
            Actor(), Registration(name="Ada", email="ada@example.com", password="battery staple")
        )
        ticket = shop.open_ticket(
            owner, TicketDraft(customer_id=ada.id, description="Grinds", mechanic_ids=(lee.id,))
        )
        for status in (Status.IN_PROGRESS, Status.COMPLETED, Status.CLOSED):
            if status is Status.COMPLETED:
                work = LaborLineForm(
                    description="Pads", hours=quantity("1.5"), rate=money("80.25")
                )
                shop.add_labor_line(owner, ticket.id, work)
            ticket = shop.move_ticket(owner, ticket.id, TransitionForm(to=status))
    with open_shop("sqlite:///shop.db") as shop:
        ticket = shop.read_ticket(owner, ticket.id)
        shop.log_in_staff(Actor(), Credentials(email=lee.email, password="correct horse"))
    print(ticket.status, ticket.totals.total)
"""

ALL_IMPORTS: Final = """
    import importlib, pkgutil
    import mechanic_adapters, mechanic_core, mechanic_http, mechanic_server, mechanic_shop

    os.environ["DATABASE_URL"] = "sqlite:///shop.db"
    packages = mechanic_adapters, mechanic_core, mechanic_http, mechanic_server, mechanic_shop
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name != "mechanic_shop.__main__" and ".migrations." not in module.name:
                importlib.import_module(module.name)
    print("mechanic_shop.wiring.shop" in sys.modules)
"""


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run *program* in *folder*, in a Python without POSIX."""
    return subprocess.run(
        [sys.executable, "-c", dedent(WITHOUT_POSIX) + dedent(program)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def test_a_program_embeds_the_shop(tmp_path: Path) -> None:
    """
    A shop on an SQLite file opens a ticket and closes it, and has its secret in a file.
    """
    done = run(tmp_path, A_JOB)

    assert ("closed 12038\n", "") == (done.stdout, done.stderr)
    assert {"shop.db", "shop.secret"} == {path.name for path in tmp_path.iterdir()}


def test_every_module_is_imported(tmp_path: Path) -> None:
    """
    No module needs POSIX to be imported.
    """
    done = run(tmp_path, ALL_IMPORTS)

    assert ("True\n", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("words", "code", "printed"),
    [
        ("--help", 0, "Commands:"),
        ("db upgrade", 0, ""),
        ("check", 1, "there is no shop in mechanic_shop.db"),
        ("serve --workers 2", 2, "--workers and granian need Linux or macOS"),
        ("serve --server granian", 2, "--workers and granian need Linux or macOS"),
    ],
)
def test_the_command_line_starts(tmp_path: Path, words: str, code: int, printed: str) -> None:
    """
    Commands run; a server of several processes is refused with the reason.
    """
    done = run(tmp_path, f"from mechanic_shop.cli import main\nmain({words.split()})")

    assert code == done.returncode, done.stderr
    assert printed in done.stdout + done.stderr
