"""The command `foretell`: puts the commands together and ends with the right exit code.

0: done. 1: done, and there is trouble (`doctor`). 2: the request makes no sense; one sentence says why.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import click

from foretell.errors import ForetellError

if TYPE_CHECKING:
    from foretell.cli.user_program import UserProgram

UNCOLLECTED = 50_000
"""Objects made before Python looks for garbage: a command makes few that are, and looking is a tenth of its time."""
INTERRUPTED = 130
"""What a shell says of a program that Ctrl-C ended."""
COMMANDS = {
    "demo": "demo:demo",
    "run": "run:run",
    "runs": "runs:runs",
    "show": "show:show",
    "tail": "tail:tail",
    "resume": "resume:resume",
    "export": "export:export",
    "import": "import_:import_runs",
    "triggers": "triggers:triggers",
    "prices": "prices:prices",
    "integrations": "integrations:integrations",
    "up": "stack.up:up",
    "down": "stack.down:down",
    "status": "stack.status:status",
    "doctor": "doctor:doctor",
}
"""Name → module of this room and command in it, in the order in which help lists them."""


@dataclass(slots=True)
class Invocation:
    """What a command leaves to be done after the command line has been read."""

    program: UserProgram | None = None
    """The program to become (`foretell run`)."""


class Commands(click.Group):
    """All commands; each is imported when it is asked for, so that one does not wait for the others."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Name them in the order of the table."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import a command; None where there is none of that name."""
        if name not in COMMANDS:
            return None
        module, _, command = COMMANDS[name].partition(":")
        found: click.Command = getattr(import_module(f"foretell.cli.{module}"), command)
        return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out one command line; ends the process."""
    invocation = Invocation()
    thresholds = gc.get_threshold()
    gc.set_threshold(UNCOLLECTED)
    try:
        given = None if arguments is None else list(arguments)
        code = foretell.main(args=given, prog_name="foretell", obj=invocation, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except ForetellError as error:
        sys.stderr.write(f"foretell: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not complain at the last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    if invocation.program is not None:
        gc.set_threshold(*thresholds)  # the program's own are Python's
        invocation.program.run()
    sys.exit(code)


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, help="Say which version this is, and of which Python.")
@click.pass_context
def foretell(context: click.Context, version: bool) -> None:
    """See what AI agents do, hear what is about to go wrong, and replay it."""
    if version:
        import platform

        from foretell.version import __version__

        print(f"foretell {__version__} (Python {platform.python_version()})")
        context.exit()
    if context.invoked_subcommand is None:
        print(context.get_help())
