"""The command line: the options before a command, and what each error exits with."""

import gc
import os
import sys
from functools import cache
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from mailcase import __version__
from mailcase.cli.commands import Mailcase
from mailcase.cli.state import State
from mailcase.errors import ConfigError, MailcaseError, Permanent, Transient

#: sysexits.h: an MTA that pipes mail in keeps it on 75; systemd does not restart on 78. First match wins.
EXITS: Final[tuple[tuple[type[MailcaseError], int], ...]] = (
    (ConfigError, 78),
    (Transient, 75),
    (Permanent, 1),
    (MailcaseError, 1),
)
_WRONG_USAGE: Final = 2  # click's
#: What a wrong command line with a pipe exits with: after a slip in master.cf no mail goes back to its sender (P1).
_KEEP_IT: Final = 75
#: When garbage is looked for: hardly while a command imports what it needs, since all of that is kept.
_RARELY: Final = (300_000, 10, 10)
#: pydantic would ask every installed package whether it has a plugin for it.
_NO_PLUGINS: Final = ("PYDANTIC_DISABLE_PLUGINS", "__all__")

app = typer.Typer(
    name="mailcase",
    cls=Mailcase,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print the values of local variables, mails and passwords among them
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"mailcase {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Else $MAILCASE_CONFIG, config/mailcase.toml, /etc/mailcase/mailcase.toml."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else there.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="The log at debug, with addresses and subjects.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which mailcase this is.")
    ] = False,
) -> None:
    """Turn support mail into cases: every mail finds its case, is answered once, and every decision is explained."""
    context.obj = State(config, as_json, verbose)


@cache
def program() -> Any:
    """The command line, put together; each command is when it is asked for."""
    return get_command(app)


def main() -> None:
    """Run one command; errors are a text on standard error and the exit status of their kind."""
    gc.set_threshold(*_RARELY)
    os.environ.setdefault(*_NO_PLUGINS)
    try:
        program()(prog_name="mailcase")
    except MailcaseError as error:
        print(f"mailcase: {error}", file=sys.stderr)
        raise SystemExit(next(code for kind, code in EXITS if isinstance(error, kind))) from None
    except SystemExit as ended:
        if ended.code == _WRONG_USAGE and _is_pipe(sys.argv[1:]):
            raise SystemExit(_KEEP_IT) from None
        raise


def _is_pipe(words: list[str]) -> bool:
    """Whether a mail server handed a mail in."""
    from mailcase.cli.ingest import PIPE

    return PIPE in words
