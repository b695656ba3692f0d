"""Time and memory of password hashing."""

import statistics
import subprocess
import sys
import time

from mechanic_adapters.security.password_hashing import Argon2Passwords

STORM = """
import threading, time, psutil
from mechanic_adapters.security.password_hashing import Argon2Passwords
passwords = Argon2Passwords()
process = psutil.Process()
before = peak = process.memory_info().rss
clients = [threading.Thread(target=lambda: [passwords.verify(None, "x" * 9) for _ in range(3)])
           for _ in range(16)]
for client in clients:
    client.start()
while any(client.is_alive() for client in clients):
    peak = max(peak, process.memory_info().rss)
    time.sleep(0.002)
print((peak - before) // 2**20)
"""


def test_concurrent_logins_take_little_memory() -> None:
    """
    Sixteen concurrent logins add at most 60 MiB.
    """
    ran = subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True, check=True)

    assert 19 <= int(ran.stdout) <= 60


def test_an_unknown_account_costs_the_same() -> None:
    """
    A login for an unknown account takes as long as one with a wrong password.
    """
    passwords = Argon2Passwords()
    password_hash = passwords.hash("correct horse")

    def seconds(password_hash: str | None) -> float:
        begun = time.perf_counter()
        passwords.verify(password_hash, "wrong")
        return time.perf_counter() - begun

    taken = [(seconds(password_hash), seconds(None)) for _ in range(9)]
    known, unknown = (statistics.median(times) for times in zip(*taken, strict=True))

    assert 0.6 < unknown / known < 1.6
