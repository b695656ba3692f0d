"""The command line: `mechanic-shop COMMAND`."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from mechanic_shop.garbage_collection import exempt_from_collection

COMMANDS: Final = {
    "backup": "Write the whole database to FILE; the shop may go on meanwhile.",
    "config": "Show the settings in force, secrets hidden.",
    "db": "Bring the database's schema up to date, or back.",
    "demo": "Serve a throw-away shop with sample data.",
    "keys": "Make keys that sign access tokens.",
    "openapi": "Print the OpenAPI document.",
    "postman": "Print the Postman collection; it is ready for the demo.",
    "restore": "Make the database what it was when FILE was written. Stop the shop first.",
    "serve": "Serve the shop over HTTP until SIGTERM or Ctrl-C.",
    "staff": "Take on staff.",
    "stock": "Look after the stock's ledger.",
}
"""Each is a module in `mechanic_shop.commands`, imported when it is called and not before."""


class Commands(click.Group):
    """The commands, none of them imported to list them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own form
        """Return the names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import one."""
        if cmd_name not in COMMANDS:
            return None
        with exempt_from_collection():
            command = getattr(import_module(f"mechanic_shop.commands.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the list."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mechanic-shop")
def cli() -> None:
    """Run a repair shop: customers, vehicles, mechanics, service tickets and inventory."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line: exit 0 when all went well, 2 for misuse, 1 for any other failure.

    An error is one line on stderr, never a traceback.
    """
    try:
        code = cli.main(args, prog_name="mechanic-shop", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last resort of a program for people
        click.echo(f"mechanic-shop: {_in_one_line(error)}", err=True)
        code = getattr(error, "exit_code", 1)
    sys.exit(code)


def _in_one_line(error: Exception) -> str:
    said = str(error)
    if isinstance(error, click.Abort):
        said = "stopped"
    elif isinstance(error, click.ClickException):
        said = error.format_message()
        if isinstance(error, NoArgsIsHelpError):  # whose message is the whole help
            said = "Missing command."
        if isinstance(error, click.UsageError) and error.ctx:
            said = f"{said} See {error.ctx.command_path} --help"
    elif not isinstance(error, OSError | import_module("mechanic_core.errors").Refused):
        said = f"internal error: {type(error).__name__}: {said}"
    return " ".join(said.split())
