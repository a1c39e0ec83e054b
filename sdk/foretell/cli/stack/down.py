"""`foretell down`: the stack, stopped."""

from __future__ import annotations

import click

from foretell.cli.options import json_option
from foretell.errors import ForetellError


@click.command
@click.option("--volumes", "with_volumes", is_flag=True, help="Delete what was recorded too: traces, metrics, logs.")
@json_option
def down(with_volumes: bool, as_json: bool) -> None:
    """Stop the stack.

    What was recorded stays in Docker's volumes, and is there again after the next `foretell up`, unless --volumes is given.
    """
    from foretell.cli.stack.drawing import shape_down
    from foretell.cli.terminal import say, write_json
    from foretell.settings import read_environment
    from foretell.stack.commands import SystemCommands
    from foretell.stack.compose import Choice, Compose
    from foretell.stack.docker import check_program
    from foretell.stack.files import find_place
    from foretell.stack.password import NAME

    environ = read_environment()
    place = find_place(environ)
    # The file asks for a password even where nothing is to be started.
    commands = SystemCommands({NAME: "unused", **environ})
    problem = check_program(commands)
    if problem is not None:
        raise ForetellError(str(problem))
    if not place.compose_file.is_file():
        raise ForetellError(f"There is no {place.compose_file}: the stack was never started from here.")
    code = Compose(commands, place, Choice()).stop(with_volumes=with_volumes)
    if as_json:
        write_json(shape_down(is_down=code == 0, has_deleted=with_volumes and code == 0))
    elif code == 0:
        say("The stack is down." + ("" if with_volumes else " What was recorded is kept."))
    if code != 0:
        raise click.exceptions.Exit(1)
