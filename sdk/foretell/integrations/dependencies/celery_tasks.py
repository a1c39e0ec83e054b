"""Celery: a task that an agent sends is part of its run, whichever worker does it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from foretell.errors import guard
from foretell.integrations.integration import Integration, Undo, Wiring, otel, own

INTEGRATION = Integration(
    name="celery",
    title="Celery",
    distribution="celery",
    module="celery",
    candidates=(
        own("foretell.integrations.dependencies.celery_tasks:switch_on", ">=5"),
        otel("opentelemetry-instrumentation-celery", "opentelemetry.instrumentation.celery:CeleryInstrumentor"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Send the run along with each task, and go on with it in the worker."""
    from celery import signals

    tasks = _Tasks(wiring)
    receivers = (
        (signals.before_task_publish, tasks.send),
        (signals.task_prerun, tasks.begin),
        (signals.task_failure, tasks.fail),
        (signals.task_postrun, tasks.end),
    )
    for signal, receiver in receivers:
        signal.connect(receiver, weak=False)

    def undo() -> None:
        for signal, receiver in receivers:
            signal.disconnect(receiver)

    return undo


class _Tasks:
    """Hears what Celery does with tasks."""

    def __init__(self, wiring: Wiring) -> None:
        from foretell.integrations.wrapping.model_calls import SCOPE

        self._tracer = wiring.tracer_provider.get_tracer(SCOPE)
        self._running: dict[str, tuple[Any, ExitStack]] = {}
        """Task's id → its span, and what ends it."""

    @guard("integrations.celery.send")
    def send(self, headers: Any = None, **_: Any) -> None:
        """A task is about to be sent."""
        from foretell.integrations.wrapping.carrying import send_along

        if headers is not None:
            send_along(headers)

    @guard("integrations.celery.begin")
    def begin(self, task_id: str, task: Any, **_: Any) -> None:
        """A worker begins with a task."""
        from opentelemetry.trace import SpanKind, use_span

        from foretell.instrument.carriers import NAMES
        from foretell.integrations.wrapping.carrying import joined

        sent = {name: value for name in NAMES if isinstance(value := getattr(task.request, name, None), str)}
        stack = ExitStack()
        self._running[task_id] = None, stack
        stack.enter_context(joined(sent))
        about = {"messaging.system": "celery", "messaging.operation.name": "run", "messaging.message.id": task_id}
        span = self._tracer.start_span(f"task {task.name}", kind=SpanKind.CONSUMER, attributes=about)
        if span.is_recording():
            self._running[task_id] = span, stack
            stack.enter_context(use_span(span, end_on_exit=True))

    @guard("integrations.celery.fail")
    def fail(self, task_id: str, exception: BaseException | None = None, **_: Any) -> None:
        """The task has raised."""
        from opentelemetry.trace import Status, StatusCode

        span, _stack = self._running.get(task_id, (None, None))
        if span is not None and exception is not None:
            span.record_exception(exception)
            span.set_status(Status(StatusCode.ERROR))

    @guard("integrations.celery.end")
    def end(self, task_id: str, **_: Any) -> None:
        """The worker is done with the task."""
        found = self._running.pop(task_id, None)
        if found is not None:
            found[1].close()
