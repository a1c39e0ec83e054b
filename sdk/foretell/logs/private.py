"""Says things about Foretell itself on standard error, where no handler of ours can pick them up and send them round."""

from __future__ import annotations

import logging
import sys
from typing import Final

NAME: Final = "foretell"
KEY_LIMIT: Final = 1000

_said: set[str] = set()
_handler: logging.Handler | None = None
_former_propagate = True


class _ToStandardError(logging.Handler):
    """Writes to standard error as it is at that moment, since programs and test runners replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; without a console, nothing."""
        if sys.stderr is not None and not sys.stderr.closed:
            sys.stderr.write(f"foretell: {record.getMessage()}\n")


def say_once(key: str, message: str, level: int = logging.WARNING) -> bool:
    """Write `message` to standard error the first time `key` is given; True if it was written."""
    if key in _said or len(_said) >= KEY_LIMIT:
        return False
    _said.add(key)
    _private_logger().log(level, message)
    return True


def forget_said() -> None:
    """Be able to say everything again, and leave the logger `foretell` as it was found."""
    global _handler
    _said.clear()
    if _handler is not None:
        logger = logging.getLogger(NAME)
        logger.removeHandler(_handler)
        logger.propagate = _former_propagate
        _handler = None


def _private_logger() -> logging.Logger:
    global _handler, _former_propagate
    logger = logging.getLogger(NAME)
    if _handler is None:
        _former_propagate = logger.propagate
        _handler = _ToStandardError()
        logger.addHandler(_handler)
        # Not up to the root: there our own handler would export it, and exporting may be what went wrong.
        logger.propagate = False
    return logger
