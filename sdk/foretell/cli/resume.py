"""`foretell resume`: lets a paused run go on, from another terminal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foretell.cli.options import json_option, run_argument, store_option
from foretell.errors import ForetellError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from foretell.store.store import Store
    from foretell.store.writing.pauses import Pause

ANSWER_S = 3.0
"""Longer than a living process takes to see that its run may go on."""
POLL_S = 0.1


@click.command
@run_argument
@store_option
@json_option
def resume(run: str | None, store: Path | None, as_json: bool) -> None:
    """Let a paused run go on.

    RUN is the id of a run, or its first digits; without one it is the run that was paused last. Runs are paused by
    triggers whose action is `pause`.
    """
    from foretell.cli.reading import FIRST_STEPS, find_store, has_store
    from foretell.cli.terminal import write_json
    from foretell.store.store import Store
    from foretell.store.writing.pauses import ask_to_resume, list_pauses

    directory = find_store(store)
    if not has_store(directory):
        raise ForetellError(f"There is no store in {directory} yet.\n{FIRST_STEPS}")
    opened = Store.open(directory, now_ns=time.time_ns)
    try:
        pause = choose(list_pauses(opened), run)
        ask_to_resume(opened, pause.run_id)
        goes_on = _wait_for_answer(opened, pause.run_id)
    finally:
        opened.close()
    if as_json:
        write_json(
            {"schema": "foretell.resume/1", "run_id": pause.run_id, "trigger": pause.trigger, "goes_on": goes_on}
        )
    elif goes_on:
        print(f"Run {pause.run_id} goes on. It was paused by {pause.trigger}: {pause.explanation}")
    else:
        print(f"Run {pause.run_id} was asked to go on, but its process has not answered yet.")


def choose(pauses: Sequence[Pause], id_prefix: str | None) -> Pause:
    """The paused run that is meant; raises `ForetellError` where that is none, or not one."""
    if not pauses:
        raise ForetellError("No run is paused.")
    meant = [pause for pause in pauses if pause.run_id.startswith((id_prefix or "").lower())]
    names = ", ".join(pause.run_id for pause in (meant or pauses))
    if not meant:
        raise ForetellError(f"No run {id_prefix!r} is paused. Paused are: {names}")
    if id_prefix is not None and len(meant) > 1:
        raise ForetellError(f"{id_prefix!r} names several paused runs: {names}")
    return meant[0]


def _wait_for_answer(store: Store, run_id: str) -> bool:
    """Its process takes the row away as the run goes on."""
    from foretell.store.writing.pauses import list_pauses

    until_s = time.monotonic() + ANSWER_S
    while time.monotonic() < until_s:
        if all(pause.run_id != run_id for pause in list_pauses(store)):
            return True
        time.sleep(POLL_S)
    return False
