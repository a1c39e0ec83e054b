"""A worker that takes in what other instrumentors tell, and refines as in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from foretell.cost.prices import PriceBook
from foretell.instrument import state
from foretell.instrument.otel.foreign import ForeignSpans
from foretell.instrument.work.refining import Refiner
from foretell.instrument.work.worker import Worker
from foretell.payloads.refine import refine_contents
from foretell.privacy.redactor import Redactor


def listen(record: Any, worker: type[Worker] = Worker) -> Iterator[ForeignSpans]:
    """The processor of the foreign spans, whose calls end in `record`; for a fixture to hand on."""
    runtime = state.current
    assert runtime is not None
    redactor = Redactor()
    refiner = Refiner(PriceBook(), lambda calls: refine_contents(calls, redactor))
    runtime.worker = worker(refiner, [record], runtime.open_calls, runtime.counts)
    record.worker = runtime.worker
    spans = ForeignSpans()
    spans.runtime = runtime
    runtime.spans.foreign = spans
    yield spans
    runtime.worker.close(5)
