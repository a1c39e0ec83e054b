"""The command `foretell`: puts the commands together and ends with the right exit code.

0: done. 1: done, and there is trouble (`doctor`). 2: the request makes no sense; one sentence says why.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
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
        get_command(make_app()).main(
            args=None if arguments is None else list(arguments), prog_name="foretell", obj=invocation
        )
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


def make_app() -> typer.Typer:
    """Make the application with all its commands."""
    import typer

    from foretell.cli import demo, doctor, export, import_, prices, resume, run, runs, show, tail
    from foretell.cli.triggers import make_triggers_app
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
    app.command("demo")(demo.demo)
    app.command("run", context_settings={"allow_interspersed_args": False})(run.run)
    app.command("runs")(runs.runs)
    app.command("show")(show.show)
    app.command("tail")(tail.tail)
    app.command("resume")(resume.resume)
    app.command("export")(export.export)
    app.command("import")(import_.import_runs)
    app.add_typer(make_triggers_app(), name="triggers")
    app.command("prices")(prices.prices)
    app.command("doctor")(doctor.doctor)
    return app
