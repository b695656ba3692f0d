"""Password hashing with Argon2id: slow on purpose, a few at a time."""

import os
import secrets
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import BoundedSemaphore, Lock
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar, final
from unicodedata import normalize

from argon2 import Parameters, PasswordHasher, Type, extract_parameters, profiles
from argon2.exceptions import HashingError, VerificationError

from mechanic_core.accounts.ports import Passwords
from mechanic_core.errors import Unavailable

T = TypeVar("T")

Profile: TypeAlias = Parameters
"""The cost parameters of a hash."""

OWASP: Final = Parameters(
    type=Type.ID,
    version=19,
    salt_len=16,
    hash_len=32,
    time_cost=2,
    memory_cost=19 * 1024,
    parallelism=1,
)
"""The second configuration of OWASP's Password Storage Cheat Sheet."""

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "owasp": OWASP,
        "rfc9106-low": profiles.RFC_9106_LOW_MEMORY,
        "rfc9106-high": profiles.RFC_9106_HIGH_MEMORY,
    }
)

CHEAPEST: Final = profiles.CHEAPEST
"""For tests only."""

MEMORY_KIB: Final = 60 * 1024
"""Memory that all hashing threads may use together, unless a single hash needs more."""

_MIN_LANE_KIB: Final = 8
"""The least memory per lane (RFC 9106, section 3.1)."""


@final
class Argon2Passwords(Passwords):
    """Hashes in a small thread pool, so that a burst of logins leaves CPU time to others.

    The pool bounds memory too: an allocator that freed the 19 MiB of a hash in each request's
    thread would retain them once per thread.
    """

    def __init__(
        self,
        profile: Profile = OWASP,
        *,
        threads: int | None = None,
        max_callers: int = sys.maxsize,
    ) -> None:
        """Hash with *profile* in *threads*; with more than *max_callers*, raise `Unavailable`.

        By default the pool leaves one core to others, and its memory fits into `MEMORY_KIB`.
        """
        self._hasher = PasswordHasher.from_parameters(profile)
        self._profile = profile
        self._dummy_hash = _create_dummy_hash(profile)
        self._threads = threads or _default_threads(profile)
        self._callers = BoundedSemaphore(max_callers)
        self._starting = Lock()
        self._process: int | None = None

    def hash(self, password: str) -> str:
        """Return the hash of *password*.

        Raises `Unavailable` when memory is short or, as `verify` does, with too many callers.
        """
        try:
            return self._run_in_pool(lambda: self._hasher.hash(_encode(password)))
        except HashingError as error:
            raise Unavailable("a password cannot be hashed now") from error

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether *password* matches; False takes the same time for every hash and none.

        A former release hashed passwords as they were typed, on some systems in form D.
        """
        spellings = dict.fromkeys((password, normalize("NFD", password)))
        return any(
            self._run_in_pool(partial(self._compare, password_hash, _encode(spelling)))
            for spelling in spellings
        )

    def outdated(self, password_hash: str) -> bool:
        try:
            return self._hasher.check_needs_rehash(password_hash)
        except ValueError:  # malformed
            return True

    def _compare(self, password_hash: str | None, password: bytes) -> bool:
        """Compare; before returning False, spend what a hash of the present profile costs more."""
        if password_hash is not None and self._matches(password_hash, password):
            return True
        if padding := self._padding_hash(password_hash):
            self._matches(padding, password)
        return False

    def _matches(self, password_hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, ValueError):
            return False

    def _padding_hash(self, password_hash: str | None) -> str | None:
        """Return a hash that costs what *password_hash* costs less than the present profile."""
        try:
            used = extract_parameters(password_hash or "")
        except ValueError:  # malformed or none: comparing cost nothing
            return self._dummy_hash
        missing = missing_cost(used, self._profile)
        return _create_dummy_hash(missing) if missing else None

    def _run_in_pool(self, work: Callable[[], T]) -> T:
        if self._process != os.getpid():
            self._start_pool()
        if not self._callers.acquire(blocking=False):
            raise Unavailable("too many passwords are being hashed")
        try:
            return self._pool.submit(work).result()
        finally:
            self._callers.release()

    def _start_pool(self) -> None:
        """Start the pool, once per process: a forked child has no threads of its parent."""
        with self._starting:
            if self._process != os.getpid():
                self._pool = ThreadPoolExecutor(self._threads, "password")
                self._process = os.getpid()


def _default_threads(profile: Profile) -> int:
    other_cores = (os.cpu_count() or 1) - 1
    return max(1, min(other_cores, MEMORY_KIB // profile.memory_cost))


def missing_cost(used: Profile, wanted: Profile) -> Profile | None:
    """Return parameters that cost the difference between *wanted* and *used*; None if small.

    The time of a hash is proportional to the memory filled, over all passes.
    """
    missing = wanted.memory_cost * wanted.time_cost - used.memory_cost * used.time_cost
    memory = missing // wanted.time_cost
    if memory < _MIN_LANE_KIB * wanted.parallelism:
        return None
    return replace(wanted, memory_cost=memory)


def _create_dummy_hash(profile: Profile) -> str:
    """Return a hash with the cost of *profile* that no password is known to match."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (profile.salt_len, profile.hash_len)
    )
    cost = f"m={profile.memory_cost},t={profile.time_cost},p={profile.parallelism}"
    return f"$argon2id$v={profile.version}${cost}${salt}${digest}"


def _encode(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # a lone surrogate is hashed too
