"""How an operation ended, judged by the exception that ended it."""

from __future__ import annotations

import traceback

from foretell.errors import RunHalted
from foretell.model.facts import ErrorFacts
from foretell.model.kinds import CANCELLED, ERROR, HALTED, OK, Outcome
from foretell.payloads.taking.bare import name_type

MAX_MESSAGE = 4_096
MAX_FRAMES = 30


def outcome_of(error: BaseException) -> Outcome:
    """What an exception means for the operation it leaves: a closed stream is fine, a cancelled one is cancelled."""
    kind = type(error)  # not isinstance: it asks `__class__`, which may be the user's own code
    if issubclass(kind, GeneratorExit):
        return OK
    if issubclass(kind, RunHalted):
        return HALTED
    if not issubclass(kind, Exception):  # asyncio's CancelledError, KeyboardInterrupt, SystemExit
        return CANCELLED
    return ERROR


def describe_error(error: BaseException, *, with_stack: bool) -> ErrorFacts:
    """Type, message and stack of an exception as text, taken now; a `__str__` that fails is said so."""
    name = name_type(type(error))
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
