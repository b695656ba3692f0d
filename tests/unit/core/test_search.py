"""The words of records, and the terms of queries."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.search import (
    Terms,
    Words,
    codes_of,
    matches,
    phone_codes,
    terms_of,
    terms_with_code,
    terms_with_phone,
    words_of,
)
from tests.linear_time import slow_texts

TERMS = [terms_of, terms_with_code, terms_with_phone]
LETTERS = "aAbBéÉe\u0301ßẞ\ufb01\u01c5Σς1²½\u0663한グｶﾞ李"
TEXTS = st.one_of(st.text(max_size=40), st.text(f"{LETTERS} -_.@+()", max_size=40))
WORDS = st.lists(st.text("abé19", min_size=1, max_size=4), min_size=1, max_size=5)


def plain_words(text: str) -> list[str]:
    """Return the words of *text* by their definition, character by character."""
    letters = [c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c)[0] != "M"]
    folded = unicodedata.normalize("NFKD", "".join(letters).casefold())
    kept = (c for c in folded if unicodedata.category(c)[0] != "M")
    return "".join(c if c.isalnum() else " " for c in kept).split(" ")


@given(TEXTS)
def test_words_are_runs_of_letters_and_digits(text: str) -> None:
    """
    Words are runs of letters and digits in compatibility decomposition, without marks and case.
    """
    assert set(plain_words(text)) - {""} == words_of(text)


@given(TEXTS)
def test_words_ignore_the_spelling(text: str) -> None:
    """
    A text has the same words in any case and any normalization form, and words are their own words.
    """
    words = words_of(text)

    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert words == words_of(unicodedata.normalize(form, text))
    assert words == words_of(text.casefold()) == words_of(*words)


@given(WORDS, st.data())
def test_the_beginnings_of_words_find_them(words: list[str], data: st.DataObject) -> None:
    """
    The beginnings of some words, in any order and case, find the text.
    """
    chosen = data.draw(st.lists(st.sampled_from(words), min_size=1))
    begun = [word[: data.draw(st.integers(1, len(word)))] for word in chosen]

    for terms in TERMS:
        assert matches(terms(" ".join(begun).upper()), words_of("-".join(words)))


@given(TEXTS, TEXTS)
def test_finds_by_every_word(q: str, text: str) -> None:
    """
    A query without codes finds a text exactly if each of its words begins one of the text's.
    """
    asked, words = words_of(q), words_of(text)
    expected = bool(asked) and all(any(w.startswith(a) for w in words) for a in asked)

    assert expected == matches(terms_of(q), words)


@pytest.mark.parametrize("terms", TERMS)
def test_a_query_without_words_finds_nothing(terms: Callable[[str], Terms]) -> None:
    """
    A query without letters and digits has no terms, and finds nothing.
    """
    for q in ("", "%", " _ ", "+", "()", "\u0301"):
        assert () == terms(q)
    assert not matches((), words_of("Ada"))


@pytest.mark.parametrize(
    ("phone", "numbers"),
    [
        ("(555) 0142", {"5550142"}),
        ("+1 (555) 0142", {"15550142", "5550142"}),
        ("+49 30 12", {"493012", "3012"}),
        ("(+353) 1 23", {"353123", "123"}),
        ("0049 30 12", {"00493012", "493012", "3012"}),
        ("+1", {"1"}),
        ("+ ext", set()),
        (None, set()),
    ],
)
def test_phone_numbers_with_and_without_country_code(phone: str | None, numbers: set[str]) -> None:
    """
    A phone number is found by its digits, with and without its country code.
    """
    assert {f"+{number}" for number in numbers} == phone_codes(phone)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        *(("5550142", True), ("555 01", True), ("+1 (555)", True), ("555-0142 ext. 7", True)),
        *(("555.0142x7", True), ("zelda 5550142", True), ("555 zelda", True)),
        *(("0142", False), ("555 1", False), ("1 555 zelda 0142", False), ("x7", False)),
        *(("42", True), ("42 7", True), ("zelda 42", True), ("42 555", False)),
    ],
)
def test_a_number_is_one_number_among_phones(q: str, found: bool) -> None:  # noqa: FBT001 - a row of the table
    """
    A query of digits and punctuation begins the phone number as a whole, or words one by one.
    """
    record = words_of("Zelda 42", "7up@example.com") | phone_codes("+1 (555) 0142 x7")

    assert found == matches(terms_with_phone(q), record)


@pytest.mark.parametrize("q", ["bmw1", "BMW 1", "b.mw1", "B-MW 1", "mw", "bm", "1 b"])
def test_a_code_is_found_as_a_whole(q: str) -> None:
    """
    A plate is found by its words, and as a whole in any spelling.
    """
    assert matches(terms_with_code(q), words_of("B-MW 1") | codes_of("B-MW 1"))


@pytest.mark.parametrize("terms", TERMS)
def test_needless_terms_are_dropped(terms: Callable[[str], Terms]) -> None:
    """
    A word that begins another one is no term of its own; the longest term comes first.
    """
    assert ["abc", "b"] == [term[0] for term in terms("a b ABC ab b")]


@given(st.text("ab1é", max_size=300))
def test_long_words_are_cut(text: str) -> None:
    """
    Words have a greatest length, in records and in queries alike, so that an index can hold them.
    """
    assert all(len(word) <= 100 for word in words_of(text) | codes_of(text))
    for terms in TERMS:
        assert matches(terms(text), words_of(text)) == bool(text)


def words_and_codes(text: str) -> Words:
    """Return all that a text may be found by."""
    return words_of(text) | codes_of(text) | phone_codes(text)


@pytest.mark.parametrize("read", [words_and_codes, *TERMS], ids=lambda f: f.__name__)
def test_takes_linear_time(read: Callable[[str], object]) -> None:
    """
    No text takes more than linear time.
    """
    assert [] == slow_texts(read, ("", "+", "1", "1 ", "\u0f73"), ("", "!", "x", " x1!"))
