"""The command `foretell`: puts the commands together and ends with the right exit code.

0: done. 1: done, and there is trouble (`doctor`). 2: the request makes no sense; one sentence says why.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from foretell.errors import ForetellError

if TYPE_CHECKING:
    import typer

    from foretell.cli.user_program import UserProgram


@dataclass(slots=True)
class Invocation:
    """What a command leaves to be done after the command line has been read."""

    program: UserProgram | None = None
    """The program to become (`foretell run`)."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out one command line; ends the process."""
    from typer.main import get_command

    invocation = Invocation()
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        get_command(make_app(given[0] if given else "")).main(args=given, prog_name="foretell", obj=invocation)
    except ForetellError as error:
        sys.stderr.write(f"foretell: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not complain at the last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except SystemExit as end:
        if invocation.program is None or end.code:
            raise
    if invocation.program is not None:
        invocation.program.run()


COMMANDS = {
    "demo": "demo:demo",
    "run": "run:run",
    "runs": "runs:runs",
    "show": "show:show",
    "tail": "tail:tail",
    "resume": "resume:resume",
    "export": "export:export",
    "import": "import_:import_runs",
    "triggers": "triggers:make_triggers_app",
    "prices": "prices:prices",
    "doctor": "doctor:doctor",
}
"""Name → module of this room and function, in the order in which help lists them."""
GROUPS = frozenset(("triggers",))
"""Commands with commands of their own: their function makes an application."""


def make_app(only: str = "") -> typer.Typer:
    """Make the application with all its commands, or with only the one that was typed, which takes half as long."""
    import typer

    from foretell.cli.version import show_version

    app = typer.Typer(
        help="See what AI agents do, hear what is about to go wrong, and replay it.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(show_version)
    for name in [only] if only in COMMANDS else COMMANDS:
        module, _, function = COMMANDS[name].partition(":")
        command = getattr(import_module(f"foretell.cli.{module}"), function)
        if name in GROUPS:
            app.add_typer(command(), name=name)
        elif name == "run":  # what stands behind the program is the program's
            app.command(name, context_settings={"allow_interspersed_args": False})(command)
        else:
            app.command(name)(command)
    return app
