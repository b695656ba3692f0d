"""Tokens of links: one spelling each, and nobody makes one without the secret."""

from datetime import timedelta

import pytest

from mechanic_adapters.security.link_tokens import HmacLinkTokens
from mechanic_core.accounts.links import Link, LinkNotFound, LinkPurpose, LinkToken
from tests.strategies import NOON

SECRET, FORMER = "s" * 40, "f" * 40
TOKENS = HmacLinkTokens(lambda: (SECRET, FORMER))
LINK = Link(id=7, expires_at=NOON + timedelta(hours=1), nonce=TOKENS.new_nonce())
TOKEN = TOKENS.issue(LinkPurpose.PASSWORD_RESET, LINK)


def is_forged(token: str, tokens: HmacLinkTokens = TOKENS) -> bool:
    """Return whether a token is refused."""
    try:
        tokens.read(LinkPurpose.PASSWORD_RESET, LinkToken(token))
    except LinkNotFound:
        return True
    return False


def test_a_token_says_what_it_is_about() -> None:
    """
    A token read is the link that it was issued for, and it is safe in an address.
    """
    assert LINK == TOKENS.read(LinkPurpose.PASSWORD_RESET, TOKEN)
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_former_secrets_are_accepted() -> None:
    """
    While secrets are rotated the former one's tokens are good, and no token is made with it.
    """
    former = HmacLinkTokens(lambda: (FORMER,)).issue(LinkPurpose.PASSWORD_RESET, LINK)

    assert not is_forged(former)
    assert is_forged(TOKEN, HmacLinkTokens(lambda: (FORMER,)))
    assert is_forged(TOKEN, HmacLinkTokens(lambda: ("o" * 40,)))


@pytest.mark.parametrize("place", range(len(TOKEN)))
def test_every_character_counts(place: int) -> None:
    """
    A token with one character changed is forged, the unused bits of the last one included.
    """
    for other in ("A", "B", "1", "-", ".", "é", ""):
        changed = TOKEN[:place] + other + TOKEN[place + 1 :]
        assert changed == TOKEN or is_forged(changed)
    assert is_forged(TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1))


@pytest.mark.parametrize(
    "token",
    ["", "...", "0" + TOKEN, "+" + TOKEN, TOKEN + "=", TOKEN + "\n", " " + TOKEN, "9" * 5000],
    ids=["empty", "dots", "zero", "plus", "padding", "line-break", "space", "digits"],
)
def test_a_token_has_one_spelling(token: str) -> None:
    """
    Other spellings of a token are forged.
    """
    assert is_forged(token)


def test_nonces_differ() -> None:
    """
    No two links have the same nonce.
    """
    assert 100 == len({TOKENS.new_nonce() for _ in range(100)})
