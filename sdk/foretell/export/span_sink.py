"""The sink that sends: finished calls as spans, log lines and what is said about calls as log records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from foretell.export.otlp.call_encoder import CallEncoder, ContextWindow
from foretell.export.otlp.wire import scope_field
from foretell.export.waiting import Pieces

if TYPE_CHECKING:
    from foretell.export.counts import Counts
    from foretell.export.exporter import Exporter
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.log import LogRecord

EncodeScore = Callable[["Score"], bytes]
EncodeLog = Callable[["LogRecord"], bytes]

PART_ITEMS = 128
"""Spans handed over at once: few enough to make batches of, many enough to cost nothing."""


class SpanSink:
    """Encodes sampled calls and hands the bytes to the exporter (protocol `foretell.model.sink.Sink`)."""

    name = "span"

    def __init__(
        self,
        exporter: Exporter,
        counts: Counts,
        *,
        has_events: bool = False,
        encode_score: EncodeScore | None = None,
        encode_log: EncodeLog | None = None,
        context_window: ContextWindow | None = None,
    ) -> None:
        """Send spans through `exporter`, with `has_events` the log records about them too.

        Feedback and log lines are sent where a function that encodes them is given.
        """
        self._exporter = exporter
        self._counts = counts
        self._encoder = CallEncoder(context_window, has_events=has_events)
        self._encode_score = encode_score
        self._encode_log = encode_log
        self._begin()

    def _begin(self) -> None:
        self._parts: list[tuple[Pieces, int]] = []
        """Spans, and how many; the last part may get more."""
        self._foreign: dict[str, list[bytes]] = {}
        self._logs: list[bytes] = []
        self._is_run_over = False

    def take_open(self, calls: Sequence[Call]) -> None:
        """Nothing: a span is sent when it has ended."""

    def take(self, calls: Sequence[Call]) -> None:
        """Encode finished calls whose trace is sampled. One that cannot be encoded is counted, and said at the end."""
        fault: Exception | None = None
        logs, encode = self._logs, self._encoder.encode
        part, count = self._parts.pop() if self._parts else (Pieces([], 0), 0)
        is_run_over = self._is_run_over
        for call in calls:
            if not call.trace_flags & 1:
                continue
            try:
                span, size, records = encode(call)
                if call.rare is None or call.scope is None:
                    part.pieces += span
                    part.size += size
                    count += 1
                    if count == PART_ITEMS:
                        self._parts.append((part, count))
                        part, count = Pieces([], 0), 0
                else:
                    self._foreign.setdefault(call.scope, []).append(b"".join(span))
                logs += records
            except Exception as error:
                fault = fault or error
                self._counts.count("dropped", "traces", "encoding")
            is_run_over = is_run_over or call.parent_id is None or (call.group is None and call.is_root)
        self._parts.append((part, count))
        self._is_run_over = is_run_over
        if fault is not None:
            raise fault

    def take_scores(self, scores: Sequence[Score]) -> None:
        """Encode feedback as evaluation events."""
        if self._encode_score is not None:
            self._logs += [self._encode_score(score) for score in scores]

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        """Encode log lines, whether their trace is sampled or not."""
        if self._encode_log is not None:
            self._logs += map(self._encode_log, records)

    def write(self) -> None:
        """Hand over what was encoded; this waits for no network."""
        parts, foreign, logs, is_run_over = self._parts, self._foreign, self._logs, self._is_run_over
        self._begin()
        for part, count in parts:
            if count:
                self._exporter.submit("traces", part, count)
        for part, count in _parts_of(logs):
            self._exporter.submit("logs", part, count)
        for scope, items in foreign.items():
            for part, count in _parts_of(items):
                self._exporter.submit("traces", part, count, scope_field(scope))
        if is_run_over:
            self._exporter.hurry()

    def flush(self, timeout_s: float) -> bool:
        """Send everything; False when time ran out."""
        self.write()
        return self._exporter.flush(timeout_s)

    def close(self) -> None:
        """Hand over what is left; the exporter is closed by who made it."""
        self.write()

    def after_fork(self) -> None:
        """Drop what was noted: the parent sends it."""
        self._begin()


def _parts_of(items: list[bytes]) -> Iterator[tuple[Pieces, int]]:
    for at in range(0, len(items), PART_ITEMS):
        part = items[at : at + PART_ITEMS]
        yield Pieces.of(*part), len(part)
