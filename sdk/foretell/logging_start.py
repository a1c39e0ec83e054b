"""One call that makes log lines part of the record: `foretell.setup_logging()`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from opentelemetry.context import get_current
from opentelemetry.trace import get_current_span

from foretell import bootstrap
from foretell.instrument import state
from foretell.instrument.blocks import current_operation
from foretell.instrument.operation import SESSION

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

    from foretell.model.log import LogRecord


def setup_logging(
    level: str | int | None = None,
    *,
    stream: TextIO | None = None,
    json: bool | None = None,
    has_console: bool | None = None,
) -> None:
    """Give every line of `logging` and of structlog the ids of its run, and keep it in the store and in OTLP logs.

    Lines also go to the console, redacted: pretty on a terminal, JSON elsewhere (`json` decides otherwise). A program
    that logs to its console already keeps its own lines, and ours stay silent there unless `has_console=True`.
    What is not given comes from the settings `log_level` and `log_format`. `foretell.shutdown()` undoes it.
    """
    from foretell.logs.setup import setup_logging as install

    running = bootstrap.current()
    if running is not None:
        level = running.settings.log_level if level is None else level
        form = running.settings.log_format
        json = form == "json" if json is None and form != "auto" else json
    level = "INFO" if level is None else level
    install(level, stream, json, current_ids=current_ids, emit=emit, redact=redact, has_console=has_console)


def current_ids() -> Mapping[str, Any]:
    """Ids of what is running here: operation, innermost span, session; outside of all nothing."""
    here = current_operation()
    span = get_current_span().get_span_context()
    if not here:
        session: Any = get_current().get(SESSION)
        ids = {} if session is None else {"session_id": session.id}
        return {**ids, **_span_ids(span)} if span.is_valid else ids
    ids = {
        "trace_id": here.trace_id,
        "span_id": here.span_id,
        "trace_flags": here.trace_flags,
        "run_id": here.run_id,
        "session_id": here.session.id if here.session is not None else None,
        "agent_name": here.agent_name,
        "kind": here.kind.value,
    }
    # A foreign span inside the operation is nearer; of another trace it is the application's, and goes on around us.
    return {**ids, **_span_ids(span)} if span.trace_id == here.trace_id else ids


def _span_ids(span: SpanContext) -> dict[str, Any]:
    return {"trace_id": span.trace_id, "span_id": span.span_id, "trace_flags": int(span.trace_flags)}


def emit(record: LogRecord) -> None:
    """Queue a log record for the worker, which redacts it before anything is kept."""
    runtime = state.current
    if runtime is not None:
        runtime.worker.put_log(record)


def redact(line: str) -> str:
    """What of a console line may be shown."""
    running = bootstrap.current()
    redactor = running.redactor if running is not None and running.redactor is not None else _default_redactor()
    return str(redactor.redact_text(line)[0])


@lru_cache(maxsize=1)
def _default_redactor() -> Any:
    from foretell.privacy.redactor import Redactor

    return Redactor()
