"""The settings as text: `.env.sample`, the reference page, and the values in force."""

from textwrap import fill

from mechanic_shop.settings.settings import Settings, variables

_REFERENCE = """\
# Settings

Each setting is an environment variable, or a line of the file `.env` in the folder that the shop
is started in; the environment takes precedence. An empty variable counts as not set, unless its
row says otherwise. A wrong value stops the start with one line that names the variable. `.env` and
key files are read only if root or the own user owns them and nobody else can write to them.

Each variable may also be written with `MECHANIC_` before it, as in `MECHANIC_DATABASE_URL`. That
name takes precedence wherever it is set, so that a program around the shop can have a
`DATABASE_URL` of its own. In Python the settings are keyword arguments in lower case:
`open_shop("sqlite:///shop.db", strict_vin=True)` reads neither the environment nor `.env`.

`mechanic-shop config` shows the settings in force, without secrets. `mechanic-shop demo` uses them
too, except for those that would connect a throw-away shop to a real one or make it unreachable:
`APP_ENV`, `SECRET_KEY`, `DATABASE_URL`, `DATABASE_REPLICA_URL`, `JWT_ALG`, `JWT_PRIVATE_KEY_FILE`,
`JWT_PREVIOUS_KEYS`, `CACHE_REDIS_URL`, `RATE_LIMIT_STORAGE_URL`, `CACHE_TYPE`, `FORCE_HTTPS` and
`SMTP_URL`; and for `WRITE_RATE_LIMIT`, so that the Postman collection can be run in one go.

| variable | meaning | accepts | default |
|---|---|---|---|
"""

_SAMPLE = """\
# Copy this file to `.env` and change what you need. docs/reference/settings.md has the details.
# Each variable may also be written with MECHANIC_ before it; that name takes precedence.
"""


def reference_page() -> str:
    """Return the text of `docs/reference/settings.md`."""
    rows = (
        f"| `{name}`{f' (alias `{variable.alias}`)' if variable.alias else ''} "
        f"| {variable.meaning} | {variable.parser.accepts} | {default} |\n"
        for _, name, variable, default in variables()
    )
    return _REFERENCE + "".join(rows)


def env_sample() -> str:
    """Return the text of `.env.sample`: every variable with its default, commented out."""
    blocks = []
    for _, name, variable, default in variables():
        has_value = variable.default is None and default != "none"
        value = default.strip("`") if has_value else ""
        text = f"{variable.meaning}. Accepts {variable.parser.accepts}; default: {default}."
        comment = fill(text.replace("`", ""), 98, initial_indent="# ", subsequent_indent="# ")
        blocks.append(f"\n{comment}\n#{name}={value}\n")
    return _SAMPLE + "".join(blocks)


def settings_in_force(settings: Settings) -> str:
    """Return one line for each variable with its present value, without secrets."""
    return "".join(
        f"{name}={variable.display(getattr(settings, field))}\n"
        for field, name, variable, _ in variables()
    )
