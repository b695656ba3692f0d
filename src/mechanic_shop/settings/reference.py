"""The settings as pages: `.env.sample`, the reference, and what `config` shows."""

from textwrap import fill

from mechanic_shop.settings.settings import Settings, variables

_REFERENCE = """\
# Settings

Each is a variable of the environment, or of a file `.env` in the folder that the shop is started
in; the environment goes first. A variable that is empty counts as not set, unless its row says
what empty means. A value that is wrong stops the start with one line that names the variable.

`mechanic-shop config` shows the settings in force, secrets hidden. `mechanic-shop demo` heeds them
too, but for those that would tie a throw-away shop to a real one or keep it from being seen:
`APP_ENV`, `SECRET_KEY`, `DATABASE_URL`, `JWT_ALG`, `JWT_PRIVATE_KEY_FILE`, `JWT_PREVIOUS_KEYS`,
`CACHE_REDIS_URL`, `RATE_LIMIT_STORAGE_URL`, `CACHE_TYPE` and `FORCE_HTTPS`.

| variable | meaning | takes | default |
|---|---|---|---|
"""

_SAMPLE = """\
# Copy this file to `.env` and change what you need; docs/reference/settings.md tells more.
"""


def reference() -> str:
    """Return `docs/reference/settings.md`."""
    rows = (
        f"| `{name}`{f' (alias `{known.alias}`)' if known.alias else ''} "
        f"| {known.says} | {known.kind.takes} | {unset} |\n"
        for _, name, known, unset in variables()
    )
    return _REFERENCE + "".join(rows)


def sample() -> str:
    """Return `.env.sample`: every variable with its default, as comments."""
    blocks = []
    for _, name, known, unset in variables():
        given = unset.strip("`") if known.unset is None and unset != "none" else ""
        told = f"{known.says}. Takes {known.kind.takes}; default: {unset}.".replace("`", "")
        blocks.append(
            f"\n{fill(told, 98, initial_indent='# ', subsequent_indent='# ')}\n#{name}={given}\n"
        )
    return _SAMPLE + "".join(blocks)


def in_force(settings: Settings) -> str:
    """Return one line for each variable with what holds, secrets hidden."""
    return "".join(
        f"{name}={known.shown(getattr(settings, field))}\n" for field, name, known, _ in variables()
    )
