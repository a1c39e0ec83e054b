"""Sets up structured logging in one call, and takes it down exactly."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from foretell.errors import SettingError
from foretell.logs.handler import RecordHandler
from foretell.logs.private import forget_said
from foretell.logs.structlog_side import configure_structlog
from foretell.model.log import LogRecord

_lock = threading.RLock()
_installed: _Installed | None = None


class KeepFormerLevel(logging.Filter):
    """Keeps a handler that was there before us from hearing what only we asked for."""

    def __init__(self, level: int) -> None:
        """`level` was the root logger's."""
        super().__init__()
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        """Let pass what would have been logged before, too: loud enough, or by a logger with a level of its own."""
        return record.levelno >= self._level or _has_own_level(record.name)


@dataclass(slots=True)
class _Installed:
    """What was changed, to be changed back."""

    handler: RecordHandler
    restore_structlog: Callable[[], None]
    former_level: int
    set_level: int
    filtered: list[tuple[logging.Handler, KeepFormerLevel]] = field(default_factory=list)


def setup_logging(
    level: str | int = "INFO",
    stream: TextIO | None = None,
    json: bool | None = None,
    *,
    current_ids: Callable[[], Mapping[str, Any]] | None = None,
    emit: Callable[[LogRecord], object] | None = None,
    redact: Callable[[str], str] | None = None,
    has_console: bool | None = None,
) -> None:
    """Give every log line, of `logging` and of structlog, the ids of its run, agent and span.

    Lines go to `stream` (standard error by default), pretty on a terminal and as JSON elsewhere unless `json` says so,
    and to `emit`. On the console they are redacted by `redact`. Where the program already logs to its own console, ours
    stays silent unless `has_console` or `stream` ask for it. Handlers that exist are left as they are. Called again, it
    replaces what it set up before.
    """
    number = _read_level(level)
    global _installed
    with _lock:
        teardown_logging()
        root = logging.getLogger()
        if has_console is None:
            has_console = stream is not None or not any(map(_is_console, root.handlers))
        handler = RecordHandler(
            current_ids=current_ids or dict,
            redact=redact or str,
            emit=emit,
            stream=stream,
            is_json=json,
            has_console=has_console,
        )
        handler.setLevel(number)
        installed = _Installed(handler, configure_structlog(), root.level, min(root.level, number))
        if installed.set_level < root.level:
            installed.filtered = _keep_former_levels(root)
        root.setLevel(installed.set_level)
        root.addHandler(handler)
        _installed = installed


def teardown_logging() -> None:
    """Undo `setup_logging`: handlers, levels and structlog are as they were. Harmless when nothing was set up."""
    global _installed
    with _lock:
        installed, _installed = _installed, None
        if installed is None:
            return
        root = logging.getLogger()
        root.removeHandler(installed.handler)
        installed.handler.close()
        for handler, former in installed.filtered:
            handler.removeFilter(former)
        if root.level == installed.set_level:  # else the program chose another level meanwhile
            root.setLevel(installed.former_level)
        installed.restore_structlog()
        forget_said()


def _keep_former_levels(root: logging.Logger) -> list[tuple[logging.Handler, KeepFormerLevel]]:
    kept = [(handler, KeepFormerLevel(root.level)) for handler in root.handlers]
    for handler, former in kept:
        handler.addFilter(former)
    return kept


def _has_own_level(name: str) -> bool:
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None and logger.parent is not None:
        if logger.level:
            return True
        logger = logger.parent
    return False


def _is_console(handler: logging.Handler) -> bool:
    standard = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return isinstance(handler, logging.StreamHandler) and any(handler.stream is stream for stream in standard)


def _read_level(level: str | int) -> int:
    number = logging.getLevelName(level.upper()) if isinstance(level, str) else level
    if not isinstance(number, int):
        raise SettingError(f"Unknown log level {level!r}. Use one of: DEBUG, INFO, WARNING, ERROR, CRITICAL.")
    return number
