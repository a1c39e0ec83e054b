"""How an operation ended, judged by the exception that ended it."""

from __future__ import annotations

import traceback

from foretell.errors import RunHalted
from foretell.model.facts import ErrorFacts
from foretell.model.kinds import Outcome

MAX_MESSAGE = 4_096
MAX_FRAMES = 30


def outcome_of(error: BaseException) -> Outcome:
    """What an exception means for the operation it leaves: a closed stream is fine, a cancelled one is cancelled."""
    if isinstance(error, GeneratorExit):
        return Outcome.OK
    if isinstance(error, RunHalted):
        return Outcome.HALTED
    if not isinstance(error, Exception):  # asyncio's CancelledError, KeyboardInterrupt, SystemExit
        return Outcome.CANCELLED
    return Outcome.ERROR


def describe_error(error: BaseException, *, with_stack: bool) -> ErrorFacts:
    """Type, message and stack of an exception as text, taken now; a `__str__` that fails is said so."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        message = str(error)[:MAX_MESSAGE]
    except Exception:
        message = "(its message could not be made)"
    return ErrorFacts(name, message, _stack_of(error) if with_stack else "")


def _stack_of(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-MAX_FRAMES))
    except Exception:
        return ""
