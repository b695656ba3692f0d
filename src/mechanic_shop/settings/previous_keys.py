"""The keys of `JWT_PREVIOUS_KEYS`, named by their place because their text may be a secret."""

from collections.abc import Iterable, Iterator

from mechanic_shop.settings.parsers import SECRET, is_long_enough


def name_previous_key(place: int) -> str:
    """Return the name of a previous key by its *place*, counted from 1."""
    is_teen = place % 100 in range(11, 14)
    suffix = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"JWT_PREVIOUS_KEYS: the {place}{suffix} key"


def short_secrets(keys: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each of *keys* that is too short for a secret."""
    for place, key in enumerate(keys, 1):
        if not is_long_enough(key):
            yield f"{name_previous_key(place)} must be {SECRET.accepts}"
