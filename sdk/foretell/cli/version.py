"""`foretell --version`."""

from __future__ import annotations

from typing import Annotated

import typer


def show_version(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is, and of which Python.")] = False,
) -> None:
    """See what AI agents do, hear what is about to go wrong, and replay it."""
    if version:
        import platform

        import foretell

        print(f"foretell {foretell.__version__} (Python {platform.python_version()})")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
