"""The sink that sends: finished calls as spans, log lines and what is said about calls as log records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from foretell.export.encode_calls import encode_call
from foretell.export.wire import scope_field
from foretell.model.facts import InferenceFacts
from foretell.semconv.encode import span_attributes

if TYPE_CHECKING:
    from foretell.export.counts import Counts
    from foretell.export.exporter import Exporter
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.log import LogRecord

EncodeLogs = Callable[["Call", dict[str, Any]], Sequence[bytes]]
"""A call and its span's attributes → encoded log records about it."""
EncodeScore = Callable[["Score"], bytes]
EncodeLog = Callable[["LogRecord"], bytes]
ContextWindow = Callable[[str | None, str], int | None]
"""Provider and model → tokens that the model can hold; None where that is unknown."""

PART_ITEMS = 128
"""Spans in one piece of bytes: small enough to make batches of, large enough to cost nothing."""


class SpanSink:
    """Encodes sampled calls and hands the bytes to the exporter (protocol `foretell.model.sink.Sink`)."""

    name = "span"

    def __init__(
        self,
        exporter: Exporter,
        counts: Counts,
        *,
        encode_logs: EncodeLogs | None = None,
        encode_score: EncodeScore | None = None,
        encode_log: EncodeLog | None = None,
        context_window: ContextWindow | None = None,
    ) -> None:
        """Send spans through `exporter`; log records too where functions that encode them are given."""
        self._exporter = exporter
        self._counts = counts
        self._encode_logs = encode_logs
        self._encode_score = encode_score
        self._encode_log = encode_log
        self._context_window = context_window
        self._begin()

    def _begin(self) -> None:
        self._spans: list[bytes] = []
        self._foreign: dict[str, list[bytes]] = {}
        self._logs: list[bytes] = []
        self._is_run_over = False

    def take_open(self, calls: Sequence[Call]) -> None:
        """Nothing: a span is sent when it has ended."""

    def take(self, calls: Sequence[Call]) -> None:
        """Encode finished calls whose trace is sampled. One that cannot be encoded is counted, and said at the end."""
        fault: Exception | None = None
        spans = self._spans
        for call in calls:
            if not call.trace_flags & 1:
                continue
            try:
                attributes = span_attributes(call, find_context_limit(call, self._context_window))
                encoded = encode_call(call, attributes)
                if call.scope is None:
                    spans.append(encoded)
                else:
                    self._foreign.setdefault(call.scope, []).append(encoded)
                if self._encode_logs is not None:
                    self._logs += self._encode_logs(call, attributes)
            except Exception as error:
                fault = fault or error
                self._counts.count("dropped", "traces", "encoding")
            if call.parent_id is None or call.is_root:
                self._is_run_over = True
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
        spans, foreign, logs, is_run_over = self._spans, self._foreign, self._logs, self._is_run_over
        self._begin()
        for signal, items in (("traces", spans), ("logs", logs)):
            for part in _parts_of(items):
                self._exporter.submit(signal, b"".join(part), len(part))
        for scope, items in foreign.items():
            for part in _parts_of(items):
                self._exporter.submit("traces", b"".join(part), len(part), scope_field(scope))
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


def find_context_limit(call: Call, context_window: ContextWindow | None) -> int | None:
    """How many tokens the call's model can hold; None where that is unknown, or no matter."""
    facts = call.facts
    if context_window is None or call.usage is None or not isinstance(facts, InferenceFacts):
        return None
    model = facts.response_model or facts.request_model
    return context_window(facts.provider, model) if model else None


def _parts_of(items: list[bytes]) -> list[list[bytes]]:
    return [items[at : at + PART_ITEMS] for at in range(0, len(items), PART_ITEMS)]
