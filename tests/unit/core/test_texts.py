"""How texts are normalized, refused and compared."""

import unicodedata
from collections.abc import Callable
from typing import Any

import idna
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mechanic_core.accounts.account import Credentials
from mechanic_core.accounts.password import Password
from mechanic_core.customers.customer import CustomerForm, Registration
from mechanic_core.errors import RuleBroken
from mechanic_core.inventory.part import PartForm, Sku
from mechanic_core.mechanics.mechanic import MechanicForm
from mechanic_core.money import Money
from mechanic_core.rules import first_violation, normalizer_of, rules_of
from mechanic_core.texts import (
    clean_email,
    clean_phone,
    clean_vin,
    compose,
    email_key,
    fold_case,
    opaque,
    phone_key,
    plate_key,
    sku_key,
    trim,
    unify_line_breaks,
)
from mechanic_core.values import Address, Email, LoginEmail, Name, Note, Phone, SearchText
from mechanic_core.vehicles.vehicle import Plate, VehicleForm
from mechanic_core.vehicles.vin import ScannedVin
from tests.linear_time import slow_texts
from tests.strategies import sample

NORMALIZERS = [trim, unify_line_breaks, clean_phone, clean_vin, clean_email, opaque, fold_case]
TRIMMING = NORMALIZERS[:5]
KEYS = [email_key, sku_key, plate_key, phone_key]

PIECES = st.sampled_from(
    [
        *" \t\r\n\x85\xa0\u200b\u200d\u2028\u3000\ufeff\u0301\u0327\u0344\u0f73\u1100\u1161é@.-ßǅΣ",
        "xn--",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES).map("".join))


@pytest.mark.parametrize("normalize", [*NORMALIZERS, sku_key, plate_key], ids=lambda f: f.__name__)
@given(text=TEXTS)
def test_a_normalized_text_stays(normalize: Callable[[str], str], text: str) -> None:
    """
    A normalized text is in form C, and normalizing it again changes nothing.
    """
    once = normalize(text)

    assert once == normalize(once)
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize("normalize", TRIMMING, ids=lambda f: f.__name__)
@given(text=TEXTS)
def test_nothing_blank_is_around_a_text(normalize: Callable[[str], str], text: str) -> None:
    """
    A normalized text begins and ends with neither white space nor a byte-order mark.
    """
    once = normalize(text)

    assert once == once.strip(
        " \t\n\x0b\x0c\r\x85\xa0\u1680\u2000\u2028\u2029\u202f\u205f\u3000\ufeff"
    )


@given(st.text(alphabet="ae\u0301\u0327\u0f73\u0344é가\u1100\u1161", min_size=201, max_size=400))
def test_long_runs_of_marks_are_composed_alike(text: str) -> None:
    """
    A long text, whose marks are sorted before, gets the form that Unicode defines.
    """
    assert unicodedata.normalize("NFC", text) == compose(text)


@given(TEXTS)
def test_equal_texts_have_equal_keys(text: str) -> None:
    """
    Two spellings of one text, composed and decomposed, have the same keys.
    """
    for key in KEYS:
        assert key(trim(text)) == key(trim(unicodedata.normalize("NFD", text)))


@pytest.mark.parametrize("read", [*NORMALIZERS, *KEYS], ids=lambda f: f.__name__)
def test_takes_linear_time(read: Callable[[str], str]) -> None:
    """
    No text takes a normalizer or a key more than linear time.
    """
    assert [] == slow_texts(read, ("", "a@", "e", "\u0f73"), ("", "x"))


@pytest.mark.parametrize(
    "declared",
    [Name, Note, Phone, ScannedVin, Email],
    ids=["name", "note", "phone", "vin", "email"],
)
def test_rules_take_linear_time(declared: Any) -> None:
    """
    No text takes the rules of a type more than linear time, the length apart.
    """
    patterns = [rule for rule in rules_of(declared) if not hasattr(rule, "minimum")]

    assert [] == slow_texts(
        lambda text: first_violation(patterns, text), ("", "a", "a@b"), ("", "\x00")
    )


KEPT: list[tuple[Any, str, str]] = [
    (Name, "  Orla Blank\n", "Orla Blank"),
    (Name, "\ufeffAda\u3000", "Ada"),
    (Name, "Zoe\u0308", "Zoë"),
    (Name, "نرگس\u200cی", "نرگس\u200cی"),
    (Name, "👩\u200d🔧", "👩\u200d🔧"),
    (Name, "❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
    (Name, "A\xa0B", "A\xa0B"),
    (Address, "1 Mill\r\nLane\rX\u2028Y\tZ\n", "1 Mill\nLane\nX\nY\tZ"),
    (Phone, "555-0100 ext. 12", "555-0100 ext. 12"),
    (Phone, "+1\xa0555 \u200f0100", "+1 555 0100"),
    (Phone, "\u202a+1 (555)\t\n0100\u202c", "+1 (555) 0100"),
    (Phone, "555\u20110100", "555\u20110100"),
    (ScannedVin, "1hgcm82633a\xa0004352\u200d ", "1HGCM82633A004352"),
    (Plate, " B-MW 1 ", "B-MW 1"),
    (Sku, "BRK \xa0 1", "BRK \xa0 1"),
    (SearchText, " Orla ", "Orla"),
    (Email, " Ada@Example.com\n", "Ada@Example.com"),
    (Email, "ada@bücher.example", "ada@xn--bcher-kva.example"),
    (Email, "ada@BU\u0308CHER.example", "ada@xn--bcher-kva.example"),
    (Email, "ada@STRAẞE.Straße.example", "ada@xn--strae-oqa.xn--strae-oqa.example"),
    (Email, f"a@{'b' * 63}.example", f"a@{'b' * 63}.example"),
    (LoginEmail, "ada@-b-.example", "ada@-b-.example"),
    (Password, " O\u0308pen\u3000door ", " Öpen door "),
]


@pytest.mark.parametrize(("declared", "sent", "kept"), KEPT, ids=range(len(KEPT)))
def test_a_text_is_kept_in_one_form(declared: Any, sent: str, kept: str) -> None:
    """
    A text is trimmed and composed, and satisfies the rules of its type.
    """
    normalize = normalizer_of(declared)

    assert normalize is not None
    assert kept == normalize(sent)
    assert None is first_violation(rules_of(declared), kept)


REFUSED = [
    *(
        (Name, text)
        for text in (
            *("\u200b", "\u200d", "\u3164", "\u2800", "\u034f", "Ada\r\nBcc: x@example.com", "A\tB"),
            *("A\x00", "A\x85B", "A\xadB", "A\u202eB", "A\ufeffB", "A\u2028B", "A\U000e0041", "A\ud800"),
            *("A\u200d", "\u200dA", "A \u200dB", "A\u200d\u200dB", "\u034f\nA", "A\n\u034f"),
        )
    ),
    *((Address, text) for text in ("\n\u200b\n", "A\u202eB", "A\x0bB", "A\x1b[2J")),
    *((Phone, text) for text in ("call me", "555 ext", "ext. 12", "٣٣٣")),
    *(
        (Email, text)
        for text in (
            *("a@-b.example", "a@b-.example", "a@b..example", "a@.b", "a@b.", f"a@{'b' * 64}.example"),
            *("a@b_c.example", "é@b.example", "a@bﬁ.example", "a@b c.example", "a b@c.example"),
            *("a@\u200b.example", "a@[127.0.0.1]", "a@b@c", "@b", "a@"),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "sent"), REFUSED, ids=range(len(REFUSED)))
def test_an_odd_text_is_refused(declared: Any, sent: str) -> None:
    """
    F17, F18, F20: what shows nothing or is more than a line, and what no domain can be.
    """
    normalize = normalizer_of(declared)

    assert normalize is not None
    assert first_violation(rules_of(declared), normalize(sent))


@given(st.text(alphabet="aBcüÖñéжя中ßς", min_size=1, max_size=20))
def test_international_domains_are_those_of_idna_2008(label: str) -> None:
    """
    A domain gets the ASCII form that today's registries give it.
    """
    composed = unicodedata.normalize("NFC", label)
    try:
        registered = idna.encode(composed.lower()).decode()
    except idna.IDNAError:
        assume(False)

    assert f"a@{registered}.example" == clean_email(f"a@{composed}.example").lower()


def test_a_blank_optional_text_is_not_given() -> None:
    """
    An optional text that is empty or blank is None, or the default; in Python too.
    """
    customer = sample(CustomerForm, phone="", address=" \n")
    part = PartForm(name="Pad", price=Money(1), sku="\ufeff", description="", unit=" ")
    mechanic = MechanicForm(name="Luis", email="", specialty="\u3000", phone=" ")

    assert (None, None) == (customer.phone, customer.address)
    assert (None, None, "each") == (part.sku, part.description, part.unit)
    assert (None, None, None) == (mechanic.email, mechanic.specialty, mechanic.phone)
    assert VehicleForm() == VehicleForm(vin="", plate="", make=" ", model="\t")


def test_a_blank_required_text_is_refused() -> None:
    """
    A required text that is blank is empty.
    """
    with pytest.raises(RuleBroken) as refused:
        sample(CustomerForm, name=" \u3000")

    assert ["must not be empty"] == [problem.detail for problem in refused.value.problems]


def test_a_password_is_one_in_both_forms() -> None:
    """
    F11: a password is the same composed and decomposed, when it is set and when it is tried.
    """
    registration = sample(Registration, password="\xd6pen the door")
    attempt = sample(Credentials, password="O\u0308pen the door")

    assert registration.password == attempt.password


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        (email_key, "Ada@Example.com", "aDA@example.COM"),
        (sku_key, "Brk-1", "BRK - 1"),
        (sku_key, "Straße", "STRASSE"),
        (plate_key, "B-MW 1", "bmw1"),
        (plate_key, "Ä·1", "ä1"),
        (plate_key, "\u1100-\u1161", "\uac00"),
        (phone_key, "(555) 0142", "5550142"),
        (phone_key, "+1 555-0142", "1.555.0142"),
    ],
)
def test_spellings_of_one_thing_have_one_key(
    key: Callable[[str], str], one: str, other: str
) -> None:
    """
    F12, F14: what people vary does not count when texts are compared.
    """
    assert key(one) == key(other)


def test_a_plate_of_signs_only_is_compared_as_a_whole() -> None:
    """
    Two plates without letters and digits are not the same.
    """
    assert plate_key("★") != plate_key("☆")
