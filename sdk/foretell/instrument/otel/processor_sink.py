"""The sink for span processors that the application has added to our provider: they hear of lean spans from the worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from foretell.errors import FAULTS
from foretell.instrument.operation import Operation
from foretell.instrument.otel.lean_span import LeanSpan

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.log import LogRecord


class ProcessorSink:
    """Tells each processor of each of our finished spans (protocol `foretell.model.sink.Sink`)."""

    name = "processors"

    def __init__(
        self, processors: list[SpanProcessor], context_limit: Callable[[Call], int | None] = lambda _: None
    ) -> None:
        """Tell `processors`, a list that grows as the application adds to it; `context_limit` knows a model's window."""
        self._processors = processors
        self._context_limit = context_limit

    def take_open(self, calls: Sequence[Call]) -> None:
        """Nothing: processors heard of the start when it was."""

    def take(self, calls: Sequence[Call]) -> None:
        """Tell of ended spans, sampled or not: a processor looks at the flag itself."""
        if not self._processors:
            return
        for call in calls:
            if isinstance(call, Operation) and isinstance(call.span, LeanSpan):
                span, call.span = call.span, None
                self._tell(span)

    def _tell(self, span: LeanSpan) -> None:
        finished = span.freeze(self._context_limit(span.operation))
        for processor in list(self._processors):
            try:
                processor.on_end(finished)
            except Exception as error:
                FAULTS.note("processor", error)

    def take_scores(self, scores: Sequence[Score]) -> None:
        """Nothing: a score is no span."""

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        """Nothing: a log line is no span."""

    def write(self) -> None:
        """Nothing waits here."""

    def flush(self, timeout_s: float) -> bool:
        """Let every processor send what it has."""
        told = [processor.force_flush(int(timeout_s * 1_000)) for processor in list(self._processors)]
        return False not in told

    def close(self) -> None:
        """The processors are shut down by who made our provider."""

    def after_fork(self) -> None:
        """Processors look after themselves."""
