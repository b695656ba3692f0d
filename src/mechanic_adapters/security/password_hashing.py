"""Passwords hashed with Argon2id: slow on purpose, a few at a time."""

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

from argon2 import Parameters, PasswordHasher, Type, extract_parameters, profiles
from argon2.exceptions import HashingError, VerificationError

from mechanic_core.accounts.ports import Passwords
from mechanic_core.errors import Unavailable

T = TypeVar("T")

Profile: TypeAlias = Parameters
"""What a hash costs."""

OWASP: Final = Parameters(
    type=Type.ID,
    version=19,
    salt_len=16,
    hash_len=32,
    time_cost=2,
    memory_cost=19 * 1024,
    parallelism=1,
)
"""The second setting of OWASP's Password Storage Cheat Sheet."""

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "owasp": OWASP,
        "rfc9106-low": profiles.RFC_9106_LOW_MEMORY,
        "rfc9106-high": profiles.RFC_9106_HIGH_MEMORY,
    }
)

CHEAPEST: Final = profiles.CHEAPEST
"""For tests, and only for them."""

MEMORY_KIB: Final = 60 * 1024
"""What hashing may add to the process, unless a single hash needs more."""

_LEAST_KIB: Final = 8
"""What Argon2 needs for each lane (RFC 9106, section 3.1)."""

_ANY: Final = sys.maxsize


@final
class Argon2Passwords(Passwords):
    """Hashes in a few threads of its own, so that a storm of logins leaves room for others.

    The threads bound the memory too: freed in whichever thread asks, the 19 MiB of a hash
    would stay with the allocator once for each of them.
    """

    def __init__(
        self, profile: Profile = OWASP, *, at_once: int | None = None, most: int = _ANY
    ) -> None:
        """Hash with *profile*, at most *at_once* at a time, for at most *most* callers.

        By default one core is left to others, and all together fit into `MEMORY_KIB`. Who comes
        when *most* callers are here already is sent away, and keeps no thread from others.
        """
        self._hasher = PasswordHasher.from_parameters(profile)
        self._profile = profile
        self._nobodys = _nobodys_hash(profile)
        self._at_once = at_once or _at_once(profile)
        self._places = BoundedSemaphore(most)
        self._starting = Lock()
        self._process: int | None = None

    def hash(self, password: str) -> str:
        """Return what to keep of *password*.

        Raises `Unavailable` when memory runs short or, as `verify` does too, when too many ask.
        """
        try:
            return self._apart(lambda: self._hasher.hash(_encoded(password)))
        except HashingError as error:
            raise Unavailable("a password cannot be hashed now") from error

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether *password* is the one; False comes as late for every hash and for none."""
        return self._apart(partial(self._compared, password_hash, _encoded(password)))

    def outdated(self, password_hash: str) -> bool:
        """Return whether the hash was made with other parameters than today's."""
        try:
            return self._hasher.check_needs_rehash(password_hash)
        except ValueError:  # not a hash at all
            return True

    def _compared(self, password_hash: str | None, password: bytes) -> bool:
        """Compare, and before False spend what a hash of today's profile would have cost more."""
        if password_hash is not None and self._matches(password_hash, password):
            return True
        if rest := self._rest(password_hash):
            self._matches(rest, password)
        return False

    def _matches(self, password_hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, ValueError):
            return False

    def _rest(self, password_hash: str | None) -> str | None:
        """Return a hash that costs what *password_hash* lacks of today's; None if it lacks none."""
        try:
            made = extract_parameters(password_hash or "")
        except ValueError:  # not a hash at all: nothing was spent on it
            return self._nobodys
        lacking = lacks(made, self._profile)
        return _nobodys_hash(lacking) if lacking else None

    def _apart(self, work: Callable[[], T]) -> T:
        """Do *work* in one of the threads that are for hashing."""
        if self._process != os.getpid():
            self._start()
        if not self._places.acquire(blocking=False):
            raise Unavailable("too many passwords are waiting to be looked at")
        try:
            return self._threads.submit(work).result()
        finally:
            self._places.release()

    def _start(self) -> None:
        """Start the threads; a forked child has none of its parent's."""
        with self._starting:
            if self._process != os.getpid():
                self._threads = ThreadPoolExecutor(self._at_once, "password")
                self._process = os.getpid()


def _at_once(profile: Profile) -> int:
    others = (os.cpu_count() or 1) - 1  # who reads meanwhile needs a core too
    return max(1, min(others, MEMORY_KIB // profile.memory_cost))


def lacks(made: Profile, wanted: Profile) -> Profile | None:
    """Return what costs as much as *wanted* does more than *made*, or None where that is nothing.

    Time goes with the memory that is filled, over all passes.
    """
    missing = wanted.memory_cost * wanted.time_cost - made.memory_cost * made.time_cost
    memory = missing // wanted.time_cost
    if memory < _LEAST_KIB * wanted.parallelism:
        return None
    return replace(wanted, memory_cost=memory)


def _nobodys_hash(profile: Profile) -> str:
    """Return a hash that costs what *profile* says and that no password is known to have."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (profile.salt_len, profile.hash_len)
    )
    cost = f"m={profile.memory_cost},t={profile.time_cost},p={profile.parallelism}"
    return f"$argon2id$v={profile.version}${cost}${salt}${digest}"


def _encoded(password: str) -> bytes:
    """Return the bytes to hash; text that UTF-8 has no bytes for is hashed all the same."""
    return password.encode("utf-8", "surrogatepass")
