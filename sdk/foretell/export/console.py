"""Shows finished calls as they end, a line each, for people at a terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from foretell.semconv.encode import span_name

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.log import LogRecord

NAME_CHARS, ERROR_CHARS = 40, 120


class ConsoleSink:
    """Prints each finished call (protocol `foretell.model.sink.Sink`). Contents are never printed."""

    name = "console"

    def __init__(self, stream: TextIO) -> None:
        """Print to `stream`, which stays open."""
        self._stream = stream
        self._lines: list[str] = []

    def take_open(self, calls: Sequence[Call]) -> None:
        """Nothing: a call is shown when it has ended."""

    def take(self, calls: Sequence[Call]) -> None:
        """Note a line for each call."""
        self._lines += map(line_of, calls)

    def take_scores(self, scores: Sequence[Score]) -> None:
        """Note a line for each piece of feedback."""
        for score in scores:
            value = score.label if score.value is None else f"{score.value:g}"
            self._lines.append(f"score {score.name} {value}" + (f"  run {score.run_id}" if score.run_id else ""))

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        """Nothing: the logging handler shows its lines itself, at once."""

    def write(self) -> None:
        """Print what was noted."""
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()

    def flush(self, timeout_s: float) -> bool:  # a terminal answers
        """Print what was noted."""
        self.write()
        return True

    def close(self) -> None:
        """Print what is left."""
        self.write()

    def after_fork(self) -> None:
        """Drop what the parent noted."""
        self._lines = []


def line_of(call: Call) -> str:
    """Time of the end, span name, outcome, duration, then tokens, cost and error where there are any."""
    end_ns = call.end_ns or call.start_ns
    clock = time.strftime("%H:%M:%S", time.localtime(end_ns // 10**9))
    words = [f"{clock}.{end_ns // 10**6 % 1000:03d} {_cut(span_name(call), NAME_CHARS):<{NAME_CHARS}}"]
    words.append(f"{call.outcome.value:<9}")
    words.append(f"{_duration(call.duration_s):>8}")
    if call.usage is not None:
        words.append(f"{call.usage.input_tokens} in, {call.usage.output_tokens} out")
    if call.cost is not None:
        words.append(f"${call.cost.amount_usd:.6f}".rstrip("0"))
    if call.error is not None:
        words.append(_cut(f"{call.error.type}: {call.error.message}", ERROR_CHARS))
    return _printable(f"{'  '.join(words)}  run {call.run_id}")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _printable(text: str) -> str:
    # Names and messages may come from a model or a web page: no escape sequences into the terminal, one line a call.
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
