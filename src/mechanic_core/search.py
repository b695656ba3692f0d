"""Search: the words that a record is found by, and the terms of a query.

Words are runs of letters and digits, without case and accents. A number that is compared as a
whole, such as a phone number or a plate, is a *code*: its letters and digits after a plus sign,
which no word has. All functions are linear in their input.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import partial
from itertools import pairwise
from typing import Final, TypeAlias

from mechanic_core.texts import phone_key

Words: TypeAlias = frozenset[str]
"""The words and codes that a record is found by."""

Terms: TypeAlias = tuple[tuple[str, ...], ...]
"""A query: of each term, one of the texts must begin a word or code of the record."""

_CODE: Final = "+"
_MAX_LENGTH: Final = 100
"""What follows in a longer word is ignored, in records and in queries."""

_runs: Final = re.compile(r"[^\W_]+").findall
_decomposed: Final = partial(unicodedata.normalize, "NFKD")
_is_number: Final = re.compile(
    r"[+()./\s\u2010-\u2015-]*[0-9][0-9+()./\s\u2010-\u2015-]*(?:\s?(?:x|ext(?:ension)?\.?|#)\s?[0-9]+)?"
).fullmatch
_COUNTRY_CODE: Final = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}"
)
"""The country codes of ITU-T E.164: one, two or three digits."""


def words_of(*texts: str | None) -> Words:
    """Return the words of *texts*."""
    return frozenset(word for text in texts if text for word in _words(text))


def codes_of(*texts: str | None) -> Words:
    """Return each of *texts* as a code."""
    return frozenset(_code("".join(_words(text))) for text in texts if text)


def phone_codes(phone: str | None) -> Words:
    """Return a phone number as codes: as it is, and without its country code if it has one.

    A country code follows a plus sign or 00.
    """
    digits = phone_key(phone or "")
    international = digits.removeprefix("00")
    numbers = [digits]
    if (phone or "").lstrip(" (").startswith(_CODE) or international != digits:
        country = _COUNTRY_CODE.match(international)
        numbers += [international, international[country.end() :] if country else ""]
    return frozenset(map(_code, filter(None, numbers)))


def terms_of(q: str) -> Terms:
    """Return the terms of a query for words; none if it has no word."""
    return tuple((word,) for word in _needed_words(q))


def terms_with_code(q: str) -> Terms:
    """Return the terms of a query for words, or for a code that begins with all of it."""
    code = _code("".join(_words(q)))
    return tuple((word, code) for word in _needed_words(q))


def terms_with_phone(q: str) -> Terms:
    """Return the terms of a query for words or a phone number.

    If the query is nothing but a phone number, all of its digits must begin the phone number;
    among other words each number may.
    """
    words = _needed_words(q)
    if _is_number(_folded(q)):
        code = _code(phone_key(_folded(q)))
        return tuple((word, code) for word in words)
    return tuple((word, _code(word)) if phone_key(word) == word else (word,) for word in words)


def matches(terms: Terms, words: Collection[str]) -> bool:
    """Return whether each of the *terms*, of which there must be one, begins one of *words*."""
    return bool(terms) and all(any(word.startswith(term) for word in words) for term in terms)


def _words(text: str) -> Iterable[str]:
    """Return the words of *text* in their order."""
    return (word[:_MAX_LENGTH] for word in _runs(_folded(text)))


def _needed_words(q: str) -> Iterable[str]:
    """Return the words of a query, longest first, without those that begin the next one.

    What begins with the longer word begins with the shorter one too.
    """
    words = sorted(words_of(q))
    needed = [word for word, following in pairwise([*words, ""]) if not following.startswith(word)]
    return sorted(needed, key=len, reverse=True)


def _folded(text: str) -> str:
    """Return *text* in compatibility decomposition, without marks and case.

    Characters are decomposed one by one: sorting their marks takes quadratic time, and all marks
    are dropped. Some letters can be decomposed after case folding only.
    """
    if text.isascii():
        return text.lower()
    return _without_marks(_without_marks(text).casefold())


def _without_marks(text: str) -> str:
    letters = "".join(map(_decomposed, text))
    return "".join(c for c in letters if not unicodedata.category(c).startswith("M"))


def _code(text: str) -> str:
    return f"{_CODE}{text}"[:_MAX_LENGTH]
