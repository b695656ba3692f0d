"""How long the program takes to start: `--help`, and `serve` on SQLite to its first answer.

Run `python -m benchmarks.startup`; CPU seconds say more than the clock where others work too.
All is compiled once beforehand, as it is where the shop is installed.
"""

# ruff: noqa: T201 - a program of its own, that prints

import http.client
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

TIMES: Final = 5
PROGRAM: Final = (sys.executable, "-m", "mechanic_shop")
GOALS: Final = {"--help": 0.25, "serve, new file": 1.2, "serve, file that is there": 1.2}


def helped(folder: Path) -> float:
    """Return the seconds that `--help` takes."""
    began = time.perf_counter()
    subprocess.run([*PROGRAM, "--help"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def served(folder: Path) -> float:
    """Return the seconds from starting `serve` to the first answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    began = time.perf_counter()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", str(port)], cwd=folder, stdout=log, stderr=log
        )
    try:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request("GET", "/inventory")
                connection.getresponse().read()
                return time.perf_counter() - began
            except OSError:
                if process.poll() is not None:
                    raise SystemExit((folder / "log").read_text()) from None
                time.sleep(0.005)
            finally:
                connection.close()
    finally:
        process.terminate()
        process.wait()


def cpu_of_children() -> float:
    """Return the CPU seconds of all processes that were started and have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def told(name: str, start: Callable[[], float]) -> bool:
    """Print the least and the median of several starts; return whether the goal is met."""
    before = cpu_of_children()
    seconds = [start() for _ in range(TIMES)]
    cpu = (cpu_of_children() - before) / TIMES
    goal = GOALS[name]
    met = min(seconds) < goal
    print(
        f"| {name} | {min(seconds):.2f} | {median(seconds):.2f} | {cpu:.2f} | < {goal} |"
        f" {'yes' if met else 'NO'} |"
    )
    return met


def main() -> int:
    """Print every figure; return 1 when a goal is missed."""
    os.environ["APP_ENV"] = "development"
    os.environ["DATABASE_URL"] = "sqlite:///shop.db"
    print("| start | least s | median s | CPU s | goal | met |\n|---|---:|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def anew() -> float:
            (folder / "shop.db").unlink(missing_ok=True)
            return served(folder)

        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        anew()
        met = [
            told("--help", lambda: helped(folder)),
            told("serve, new file", anew),
            told("serve, file that is there", lambda: served(folder)),
        ]
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
