"""The command line: `mechanic-shop COMMAND`."""

import ast
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from mechanic_shop.extras import ALL, ExtraMissing, name_missing_extra
from mechanic_shop.garbage_collection import exempt_from_collection


@cache
def command_summaries() -> Mapping[str, str]:
    """Return the name and summary of each command, read from its source instead of imported.

    A command is a function of the same name as its module in `mechanic_shop.commands`.
    """
    folder = Path(__file__).with_name("commands")
    return {path.stem: _summary(path) for path in sorted(folder.glob("[!_]*.py"))}


def _summary(path: Path) -> str:
    functions = {
        node.name: node
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    return (ast.get_docstring(functions[path.stem]) or "").partition("\n")[0]


class LazyGroup(click.Group):
    """A command group that imports only the command that is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names."""
        return [*command_summaries()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import a command; None if there is no such command."""
        if cmd_name not in command_summaries():
            return None
        with exempt_from_collection():
            command = getattr(import_module(f"mechanic_shop.commands.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the names and summaries."""
        with formatter.section("Commands"):
            formatter.write_dl([*command_summaries().items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mechanic-shop")
def cli() -> None:
    """Run a repair shop: customers, vehicles, mechanics, service tickets and inventory."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 for success, 2 for wrong usage, 1 for any other failure.

    An error is printed as one line on standard error, never as a traceback.
    """
    words = sys.argv[1:] if args is None else args
    command = next((word for word in words if word in command_summaries()), "the command line")
    try:
        with name_missing_extra(command):
            code = cli.main(args, prog_name="mechanic-shop", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last resort of a command line
        click.echo(f"mechanic-shop: {_error_line(error)}", err=True)
        code = getattr(error, "exit_code", 1)
    sys.exit(code)


def _error_line(error: Exception) -> str:
    if isinstance(error, ExtraMissing):  # perhaps one that is needed for the imports below
        return error.advice(ALL)
    from mechanic_core.errors import Refused  # noqa: PLC0415 - imports attrs: not for `--help`
    from mechanic_shop.settings.env_file import prefixed_names  # noqa: PLC0415 - as above
    from mechanic_shop.settings.url_passwords import mask_urls  # noqa: PLC0415 - as above
    from mechanic_shop.settings.variables import rename_variables  # noqa: PLC0415 - as above

    text = str(error)
    if isinstance(error, click.Abort):
        text = "stopped"
    elif isinstance(error, click.ClickException):
        text = error.format_message()
        if isinstance(error, NoArgsIsHelpError):  # its message is the whole help text
            text = "Missing command."
        if isinstance(error, click.UsageError) and error.ctx:
            stop = "" if text.endswith((".", "?", "!")) else "."
            text = f"{text}{stop} See {error.ctx.command_path} --help"
    elif isinstance(error, Refused):
        text = rename_variables(text, prefixed_names())
    elif isinstance(error, OSError):
        text = _sentence_of(error)
    else:
        text = f"internal error: {type(error).__name__}: {text}"
    return mask_urls(" ".join(text.split()))


def _sentence_of(error: OSError) -> str:
    """Return what has happened to which file, without the number of the error."""
    if not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
