"""Password hashing with Argon2id: slow, a few at a time."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from mechanic_adapters.security.password_hashing import CHEAPEST, OWASP, PROFILES, Argon2Passwords
from mechanic_core.accounts.password import Password, PasswordAttempt
from mechanic_core.errors import Unavailable
from tests.strategies import FEWER, values_of

CHEAP = Argon2Passwords(CHEAPEST)

MALFORMED = [
    "",
    "plain",
    "$argon2id$",
    "$argon2id$v=19$m=8,t=1,p=1$",
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$",
    "$argon2id$v=19$m=x,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
    "$2b$12$abcdefghijklmnopqrstuv",
    "$argon2id$\x00",
    "$argon2id$\u00e9",
]


@given(password=values_of(Password))
@FEWER
def test_a_password_matches_its_hash(password: str) -> None:
    """
    A password matches its hash, whatever characters it has.
    """
    assert CHEAP.verify(CHEAP.hash(password), password)


@given(password=values_of(PasswordAttempt), other=values_of(PasswordAttempt))
@FEWER
def test_another_password_does_not_match(password: str, other: str) -> None:
    """
    Another password does not match.
    """
    assert CHEAP.verify(CHEAP.hash(password), other) == (password == other)


def test_hashes_are_salted() -> None:
    """
    Two hashes of one password differ.
    """
    assert CHEAP.hash("correct horse") != CHEAP.hash("correct horse")


@pytest.mark.parametrize("password_hash", MALFORMED)
def test_a_malformed_hash_matches_nothing(password_hash: str) -> None:
    """
    A malformed hash matches no password, raises nothing, and is outdated.
    """
    assert not CHEAP.verify(password_hash, "plain")
    assert CHEAP.outdated(password_hash)


@given(text=st.text())
@FEWER
def test_any_text_is_a_hash_that_matches_nothing(text: str) -> None:
    """
    No text in the place of a hash raises.
    """
    assert not CHEAP.verify(text, text)


def test_no_hash_matches_nothing() -> None:
    """
    Without a hash no password matches, not even a lone surrogate.
    """
    assert not CHEAP.verify(None, "correct horse")
    assert not CHEAP.verify(None, "\ud800")


def test_owasp_is_the_default() -> None:
    """
    By default a hash costs 19 MiB, two passes and one lane of Argon2id.
    """
    made = extract_parameters(Argon2Passwords().hash("correct horse"))

    assert PROFILES["owasp"] == made
    assert ("ID", 19 * 1024, 2, 1) == (
        made.type.name,
        made.memory_cost,
        made.time_cost,
        made.parallelism,
    )


def test_other_parameters_are_outdated() -> None:
    """
    A hash of another profile is outdated, one of the same is not.
    """
    cheap = CHEAP.hash("correct horse")

    assert not CHEAP.outdated(cheap)
    assert [True, True, True] == [
        Argon2Passwords(profile).outdated(cheap) for profile in PROFILES.values()
    ]


def hash_with(profile: Parameters) -> str:
    """Return a hash of *profile*."""
    return PasswordHasher.from_parameters(profile).hash("correct horse")


def cost(password_hash: str) -> int:
    """Return the cost of a comparison: the memory filled, over all passes."""
    made = extract_parameters(password_hash)
    return made.memory_cost * made.time_cost


@pytest.fixture
def costs_paid(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The costs of all comparisons in order; the comparisons are made."""
    costs: list[int] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, password_hash: str, password: bytes) -> Literal[True]:
        costs.append(cost(password_hash))
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    return costs


@pytest.mark.parametrize(
    "stored",
    [
        None,
        hash_with(CHEAPEST),
        hash_with(replace(OWASP, memory_cost=8 * 1024)),
        hash_with(replace(OWASP, time_cost=1)),
        hash_with(replace(OWASP, parallelism=2, memory_cost=4 * 1024, time_cost=3)),
        hash_with(OWASP),
    ],
    ids=["no hash", "cheapest", "less memory", "fewer passes", "lanes", "present"],
)
def test_a_wrong_password_costs_the_same_for_every_hash(
    stored: str | None, costs_paid: list[int]
) -> None:
    """
    The cost that an older hash lacks is spent too: timing does not reveal known addresses.
    """
    assert not Argon2Passwords(OWASP).verify(stored, "wrong")

    whole = OWASP.memory_cost * OWASP.time_cost
    assert sum(costs_paid) == pytest.approx(whole, abs=OWASP.time_cost)


def test_the_right_password_is_compared_once(costs_paid: list[int]) -> None:
    """
    The right password costs only the comparison with its own hash.
    """
    stored = hash_with(CHEAPEST)

    assert Argon2Passwords(OWASP).verify(stored, "correct horse")
    assert [cost(stored)] == costs_paid


def test_a_wrong_password_takes_one_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The additional cost is spent in the same thread of the pool.
    """
    passwords, tasks = Argon2Passwords(OWASP), []
    run = passwords._run_in_pool

    def counted(work: Callable[[], bool]) -> bool:
        tasks.append(work)
        return run(work)

    monkeypatch.setattr(passwords, "_run_in_pool", counted)

    assert not passwords.verify(hash_with(CHEAPEST), "wrong")
    assert 1 == len(tasks)


def test_a_core_is_left_to_others() -> None:
    """
    The pool has a thread per core but one, or fewer if memory does not allow it.
    """
    allowed = [Argon2Passwords(profile)._threads for profile in PROFILES.values()]

    assert allowed[0] <= max(1, (os.cpu_count() or 1) - 1)
    assert [1, 1] == allowed[1:]
    assert Argon2Passwords(CHEAPEST, threads=5)._threads == 5


def test_too_many_callers_are_refused() -> None:
    """
    Callers beyond the maximum get `Unavailable`; when one is done, the next is accepted.
    """
    passwords = Argon2Passwords(PROFILES["owasp"], threads=1, max_callers=2)
    with ThreadPoolExecutor(8) as threads:
        hashing = [threads.submit(passwords.hash, str(n)) for n in range(8)]
        outcomes = [one.exception() for one in hashing]

    assert {type(None), Unavailable} == {type(one) for one in outcomes}
    assert outcomes.count(None) >= 2
    assert passwords.verify(passwords.hash("correct horse"), "correct horse")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_hashes_too() -> None:
    """
    A worker that was forked after the first hash starts a pool of its own.
    """
    stored = CHEAP.hash("correct horse")
    if (child := os.fork()) == 0:
        os._exit(0 if CHEAP.verify(stored, "correct horse") else 1)

    assert os.waitpid(child, 0)[1] == 0


def test_many_threads_share_one_hasher() -> None:
    """
    Each of many threads gets its own result.
    """
    stored = [CHEAP.hash(str(n)) for n in range(32)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(CHEAP.verify, stored, map(str, range(32))))

    assert [True] * 32 == answers
