"""Start-up time of the program: `--help`, and `serve` on SQLite until its first response.

Run `python -m benchmarks.startup`. On a busy machine CPU seconds are more reliable than elapsed
time. All modules are compiled first, as in an installed shop.
"""

# ruff: noqa: T201 - a command-line program prints

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
GOALS: Final = {"--help": 0.25, "serve, new file": 1.2, "serve, existing file": 1.2}


def start_help(folder: Path) -> float:
    """Return the seconds that `--help` takes."""
    started = time.perf_counter()
    subprocess.run([*PROGRAM, "--help"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def start_server(folder: Path) -> float:
    """Return the seconds from starting `serve` to the first response."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    started = time.perf_counter()
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
                return time.perf_counter() - started
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
    """Return the CPU seconds of all child processes that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def report(name: str, start: Callable[[], float]) -> bool:
    """Print the minimum and the median of several starts; return whether the goal is met."""
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
    """Print every figure; return 1 if a goal is missed."""
    os.environ["APP_ENV"] = "development"
    os.environ["DATABASE_URL"] = "sqlite:///shop.db"
    print("| start | minimum s | median s | CPU s | goal | met |\n|---|---:|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def start_with_new_file() -> float:
            (folder / "shop.db").unlink(missing_ok=True)
            return start_server(folder)

        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        start_with_new_file()
        met = [
            report("--help", lambda: start_help(folder)),
            report("serve, new file", start_with_new_file),
            report("serve, existing file", lambda: start_server(folder)),
        ]
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
