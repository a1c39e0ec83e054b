"""Which recorded call is around the code that runs now, whoever tells of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry import baggage
from opentelemetry.context import Context, get_current
from opentelemetry.trace import get_current_span

from foretell.instrument import state
from foretell.instrument.contexts import live_context
from foretell.instrument.operation import RUN_ID, Operation

if TYPE_CHECKING:
    from foretell.instrument.otel.foreign import ForeignSpans
    from foretell.model.kinds import Kind

FindForeign = Callable[[], "ForeignSpans | None"]


class Around(NamedTuple):
    """The innermost recorded call."""

    run_id: str
    kind: Kind | None
    """None where there are only spans of other libraries, or of another process."""


def find_around(foreign: FindForeign, context: Context | None = None) -> Around | None:
    """What is around that context, which is the current one by default; None outside of every run."""
    context = get_current() if context is None else context
    spans = foreign()
    place = spans.find(get_current_span(context).get_span_context().span_id) if spans is not None else None
    if place is not None and place.run_id:
        call = place.known() if place.look() else place.nearest()
        return Around(place.run_id, call.kind if call is not None else None)
    runtime = state.current
    if runtime is None:
        return None
    operation = live_context(context, runtime.context_key).get(runtime.context_key)
    if isinstance(operation, Operation):
        return Around(operation.run_id, operation.kind)
    carried = baggage.get_baggage(RUN_ID, context)
    is_joined = isinstance(carried, str) and get_current_span(context).get_span_context().is_remote
    return Around(str(carried), None) if is_joined else None  # a service, right below the caller's span
