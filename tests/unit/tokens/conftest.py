"""Tokens of each algorithm at noon."""

import pytest

from mechanic_adapters.security.access_tokens import JwtTokens
from mechanic_adapters.security.signing_keys import KeyRing
from tests.shops import ManualClock
from tests.unit.forgery import RINGS, tokens_of


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon, when all tokens here are issued."""
    return ManualClock()


@pytest.fixture(params=RINGS)
def algorithm(request: pytest.FixtureRequest) -> str:
    """Each algorithm."""
    return str(request.param)


@pytest.fixture
def ring(algorithm: str) -> KeyRing:
    """The signing key."""
    return RINGS[algorithm]


@pytest.fixture
def tokens(ring: KeyRing, clock: ManualClock) -> JwtTokens:
    """The issuer and verifier of tokens."""
    return tokens_of(ring, clock)
