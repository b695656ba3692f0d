"""Texts: the form in which each kind is checked and stored, and the keys by which it is compared.

All functions are linear in their input and return the same for what they have returned.
"""

import re
import unicodedata
from functools import partial
from itertools import groupby
from typing import Final

from mechanic_core.rules import Pattern

_BLANKS: Final = r" \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BREAKS: Final = r"\t\n\x0b\x0c\r\x85\u2028\u2029"
_WHITE_SPACE: Final = _BLANKS + _BREAKS
_JOINERS: Final = r"\u200c\u200d"
_FILLERS: Final = (
    r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
)
"""Characters that show nothing by themselves, such as variation selectors."""

_CONTROLS: Final = (
    r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufff9-\ufffb"
)
"""Control and format characters of the basic plane (Unicode 17), without those around a text."""

_OTHER_PLANES: Final = (
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0001\U000e0020-\U000e007f\ud800-\udfff"
)
"""Format characters of other planes, and surrogates: few engines accept them in a pattern."""

_PUBLISHED: Final = rf"[^{_CONTROLS}]*[^\s{_CONTROLS}{_FILLERS}][^{_CONTROLS}]*"


def _lines(breaks: str) -> str:
    """Return the pattern of visible text with blanks and *breaks* in it and around it.

    Joiners stand between two visible characters. No text is read twice.
    """
    around = rf"[{_BLANKS}{breaks}\ufeff{_FILLERS}]*"
    visible = rf"[^{_WHITE_SPACE}\ufeff{_JOINERS}{_FILLERS}{_CONTROLS}{_OTHER_PLANES}]"
    between = rf"(?:[{_FILLERS}]*[{_JOINERS}]|[{_BLANKS}{breaks}{_FILLERS}]*)"
    return rf"{around}{visible}(?:{between}{visible})*{around}"


_find_filler: Final = re.compile(f"[{_FILLERS}]").search


def _is_plain_line(text: str) -> bool:
    """Return whether *text* is one line, by what is cheaper than a pattern."""
    if text.isspace() or not (text and text.isprintable()):
        return False
    return text.isascii() or not _find_filler(text)


ONE_LINE: Final = Pattern(
    _lines(""),
    "must be one line of visible text, without control and format characters",
    quick=_is_plain_line,
    published=_PUBLISHED,
)
_UNSEEN: Final = rf"[\s\ufeff{_FILLERS}]*"
NO_DIGIT_AT_END: Final = Pattern(
    rf"(?!.*\d{_UNSEEN}$)(?:{ONE_LINE.regex})",
    "must be one line of visible text that does not end in a digit",
    published=rf"[^{_CONTROLS}]*[^\s\d\ufeff{_FILLERS}{_CONTROLS}]{_UNSEEN}",
)
LONG_TEXT: Final = Pattern(
    _lines(r"\t\n\r"),
    "must be visible text, without control and format characters",
    quick=_is_plain_line,
    published=_PUBLISHED,
)

_AROUND: Final = "\ufeff" + "".join(
    re.findall(f"[{_WHITE_SPACE}]", "".join(map(chr, range(ord("\u3000") + 1))))
)
"""The byte-order mark and white space, as `str.strip` takes them."""

_FORMAT: Final = rf"\xad{_JOINERS}\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
VIN_SEPARATOR: Final = rf"[{_WHITE_SPACE}{_FORMAT}\u2010-\u2015\u2212*-]"
"""What is dropped from a VIN: blanks, dashes, asterisks, and what cannot be seen."""

_VIN_LENGTH: Final = 17
_LONG: Final = 200
_TOO_LONG: Final = 8_000
"""No text may have a quarter of it, and NFC makes none shorter than a quarter."""

_nfc: Final = partial(unicodedata.normalize, "NFC")
_nfd: Final = partial(unicodedata.normalize, "NFD")
_line_breaks: Final = partial(re.compile(r"\r\n?|[\x85\u2028\u2029]").sub, "\n")
_blank_runs: Final = partial(re.compile(f"[{_WHITE_SPACE}]+").sub, " ")
_no_format: Final = partial(re.compile(f"[{_FORMAT}]").sub, "")
_no_blanks: Final = partial(re.compile(f"[{_WHITE_SPACE}]+").sub, "")
_no_separators: Final = partial(re.compile(VIN_SEPARATOR).sub, "")


def compose(text: str) -> str:
    """Return *text* in Unicode's normalization form C; a text that is too long as it is.

    Python sorts the marks after a letter in quadratic time: of many they are sorted before.
    """
    if text.isascii() or len(text) > _TOO_LONG:
        return text
    if len(text) > _LONG:
        apart = "".join(map(_nfd, text))
        runs = (list(run) for _, run in groupby(apart, lambda c: unicodedata.combining(c) > 0))
        text = "".join("".join(sorted(run, key=unicodedata.combining)) for run in runs)
    return _nfc(text)


def trim(text: str) -> str:
    """Return *text* in normalization form C, without white space and byte-order marks around it."""
    text = text.strip(_AROUND)
    return text if text.isascii() else compose(text)


def unify_line_breaks(text: str) -> str:
    """Return a long text, trimmed, each of its line breaks as a line feed."""
    return trim(text if text.isprintable() else _line_breaks(text))


def clean_phone(text: str) -> str:
    """Return a phone number without format characters, each run of white space as one blank."""
    return trim(_blank_runs(_no_format(text)))


def clean_vin(text: str) -> str:
    """Return a VIN in upper case, without separators and the import `I` that scanners add."""
    bare = trim(_no_separators(text).upper())
    return bare[1:] if len(bare) == _VIN_LENGTH + 1 and bare[0] == "I" else bare


def clean_email(text: str) -> str:
    """Return an e-mail address, trimmed, with its domain in ASCII.

    An international domain that cannot be encoded stays as it is, and the pattern refuses it.
    """
    text = trim(text)
    local, at, domain = text.rpartition("@")
    if text.isascii() or len(domain) > _LONGEST_DOMAIN:
        return text
    try:
        labels = map(_ascii_label, compose(domain.lower()).split("."))
        return f"{local}{at}{'.'.join(labels)}"
    except UnicodeError:
        return text


_LONGEST_DOMAIN: Final = 253
_LONGEST_LABEL: Final = 63


def _ascii_label(label: str) -> str:
    """Return a label of a domain in ASCII, as IDNA 2008 encodes it.

    Python has IDNA 2003, which changes ß and ς: they stand for themselves now. Raises
    `UnicodeError` for a label that it changes otherwise: another domain would be meant.
    """
    if label.isascii():
        return label
    known = label.replace("ß", "s").replace("ς", "\u03c3")
    if known.encode("idna").decode("idna") != known:
        raise UnicodeError(label)
    encoded = f"xn--{label.encode('punycode').decode('ascii')}"
    if len(encoded) > _LONGEST_LABEL:
        raise UnicodeError(label)
    return encoded


def opaque(password: str) -> str:
    """Return a password as RFC 8265 compares it: blanks as U+0020, in normalization form C."""
    return password if password.isascii() else compose(_each_blank(password))


_each_blank: Final = partial(re.compile(f"[{_BLANKS}]").sub, " ")


def fold_case(text: str) -> str:
    """Return *text* in the form in which texts are compared without regard to case."""
    return compose(text.casefold())


def email_key(email: str) -> str:
    """Return what two spellings of an e-mail address have in common: all but the case."""
    return fold_case(email)


def sku_key(sku: str) -> str:
    """Return what two spellings of a SKU have in common: all but case and white space."""
    return fold_case(_no_blanks(sku))


def plate_key(plate: str) -> str:
    """Return what two spellings of a plate have in common: its letters and digits.

    A plate that has none is compared as a whole.
    """
    folded = fold_case(plate)
    return compose("".join(filter(str.isalnum, folded))) or folded


def phone_key(phone: str) -> str:
    """Return what two spellings of a phone number have in common: its digits."""
    return "".join(filter(str.isdigit, phone))
