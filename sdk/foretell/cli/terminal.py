"""Where the command line writes: the two consoles, JSON, and progress that only a person sees."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH = 140
"""Columns where the output is no terminal: a file has no edge."""


def make_console(stream: TextIO, width: int | None = None) -> Console:
    """Make a console that prints what it is given as it is; `NO_COLOR`, `FORCE_COLOR` and `COLUMNS` are honoured."""
    from rich.console import Console

    if hasattr(stream, "reconfigure"):
        # A terminal that cannot show `├─` shows a question mark instead of failing.
        stream.reconfigure(errors="replace")
    return Console(file=stream, width=width or measure_width(), highlight=False, markup=False, emoji=False)


def measure_width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size((PIPE_WIDTH, 50)).columns


def show(*renderables: RenderableType) -> None:
    """Print something drawn on standard output."""
    console = make_console(sys.stdout)
    for renderable in renderables:
        console.print(renderable)


def say(text: str, style: str = "") -> None:
    """Say something beside the result, on standard error."""
    make_console(sys.stderr).print(text, style=style or None, soft_wrap=True)


def write_json(shape: Any, *, is_line: bool = False) -> None:
    """Print JSON on standard output: indented for reading, or on one line where more lines follow."""
    text = json.dumps(shape, ensure_ascii=False, default=str, indent=None if is_line else 2)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def progress(doing: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far a long piece of work is: what is yielded takes how much is done, of how much.

    Silent unless a person watches.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=make_console(sys.stderr), transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
