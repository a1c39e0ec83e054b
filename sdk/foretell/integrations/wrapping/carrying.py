"""Sends the run along wherever the trace is sent: to tasks of a queue, to services, to servers of tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import baggage, propagate
from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace import get_current_span

from foretell.errors import FAULTS
from foretell.instrument.carriers import NAMES
from foretell.instrument.operation import RUN_ID
from foretell.integrations.wrapping.around import FindForeign, find_around
from foretell.integrations.wrapping.patching import put_wrapper

if TYPE_CHECKING:
    from foretell.integrations.integration import Undo


class RunInjector:
    """Sends what the program's propagator sends, with the run's id in the baggage.

    Our own operations put it there themselves. A framework's spans cannot: a span has no say about the context.
    """

    def __init__(self, inject: Callable[..., None], foreign: FindForeign) -> None:
        """Send by `inject`; know the runs of frameworks by `foreign`."""
        self._inject = inject
        self._foreign = foreign

    def __call__(self, carrier: Any, context: Context | None = None, *args: Any, **kwargs: Any) -> None:
        """Send what is current, and its run."""
        self._inject(carrier, self._name_run(context), *args, **kwargs)

    def _name_run(self, context: Context | None) -> Context | None:
        try:
            context = get_current() if context is None else context
            around = find_around(self._foreign, context) if baggage.get_baggage(RUN_ID, context) is None else None
            return context if around is None else baggage.set_baggage(RUN_ID, around.run_id, context)
        except Exception as error:
            FAULTS.note("integrations.carry", error)
            return context


def carry_runs(foreign: FindForeign) -> Undo:
    """Have the program's propagator send runs along, unless the program sets another one later.

    It stays the object that it is, since some products look for their own.
    """
    propagator = propagate.get_global_textmap()
    try:
        return put_wrapper(propagator, "inject", propagator.inject, RunInjector(propagator.inject, foreign))
    except (AttributeError, TypeError):  # it has no place for it: our own operations send their runs all the same
        return leave_as_is


def leave_as_is() -> None:
    """Nothing was changed."""


def send_along(headers: Any) -> None:  # headers of any client: something like a dictionary
    """Add the trace and the run to headers; what the program has put there itself stays."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    for name, value in carrier.items():
        if name not in headers:
            headers[name] = value


@contextmanager
def joined(carrier: Mapping[str, str]) -> Iterator[None]:
    """Go on inside with the run that was sent, if one was, and nobody else does so already."""
    sent = {name: carrier[name] for name in NAMES if name in carrier}
    if "traceparent" not in sent or get_current_span().get_span_context().is_valid:
        yield
        return
    before = get_current()
    attach(propagate.extract(sent, before))
    try:
        yield
    finally:
        attach(before)
