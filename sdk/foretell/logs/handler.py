"""The one handler that sees every log line: shows it, and gives it to the store and to the exporter."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, TextIO

from foretell.logs.console import to_json_line, to_pretty_line
from foretell.logs.fields import read_record
from foretell.logs.private import say_once
from foretell.model.log import LogRecord

OWN_THREADS: Final = "foretell"
"""Names of our threads begin so. What libraries log there is about our own sending, and would be sent in turn; on the
console it would be noise of our making, unless something is wrong."""


class RecordHandler(logging.Handler):
    """Reads, redacts and shows each record, and hands it on. Its faults never reach the program that logs."""

    def __init__(
        self,
        *,
        current_ids: Callable[[], Mapping[str, Any]],
        redact: Callable[[str], str],
        emit: Callable[[LogRecord], object] | None,
        stream: TextIO | None,
        is_json: bool | None,
        has_console: bool,
    ) -> None:
        """Show on `stream` (None: standard error as it is then) and give to `emit`, before redaction."""
        super().__init__()
        self._current_ids = current_ids
        self._redact = redact
        self._hand_on = emit
        self._stream = stream
        self._is_json = is_json
        self._has_console = has_console
        self._busy = threading.local()

    def handle(self, record: logging.LogRecord) -> bool:
        """Take one record, unless this thread is in the middle of one: what logs while we log would go round forever."""
        if getattr(self._busy, "is_in", False) or not self.filter(record):
            return False
        self._busy.is_in = True
        try:
            self.emit(record)
        except Exception as error:
            # Not logging's own handleError: it prints the message, which is not redacted yet.
            say_once(f"log:{type(error).__name__}", f"a log line could not be kept ({type(error).__name__}).")
        finally:
            self._busy.is_in = False
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Show the record and hand it on; each is done even if the other fails."""
        is_our_doing = (record.threadName or "").startswith(OWN_THREADS)
        if is_our_doing and record.levelno < logging.WARNING:
            return
        ours = read_record(record, self._current_ids())
        try:
            if self._hand_on is not None and not is_our_doing:
                self._hand_on(ours)
        finally:
            if self._has_console:
                self._show(ours)

    def _show(self, record: LogRecord) -> None:
        stream = self._stream if self._stream is not None else sys.stderr
        if stream is None or getattr(stream, "closed", False):
            return  # a program without a console
        is_terminal = stream.isatty()
        if self._is_json or (self._is_json is None and not is_terminal):
            line = to_json_line(record, self._redact)
        else:
            line = to_pretty_line(record, self._redact, has_colour=is_terminal)
        self.acquire()
        try:
            stream.write(f"{line}\n")
            stream.flush()
        finally:
            self.release()
