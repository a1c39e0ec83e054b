"""Hears when the application calls a setter of OpenTelemetry's, also through a reference that it took long before."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from opentelemetry import metrics, trace

Setter = Callable[[Any], None]

handlers: dict[str, Setter] = {}
"""Who hears of which setter; looked up at each call, by the code that stands in for the setter's own."""


def _tell_tracer(tracer_provider: Any) -> None:
    from foretell.instrument.otel.redirect import handlers  # it runs among the names of another module

    handlers["tracer"](tracer_provider)


def _tell_meter(meter_provider: Any) -> None:
    from foretell.instrument.otel.redirect import handlers  # as above

    handlers["meter"](meter_provider)


class Redirect:
    """Stands in for one setter while it is on.

    `from opentelemetry.trace import set_tracer_provider` keeps the function itself, which replacing the module's name
    would not reach. So the function stays and its code is exchanged, as `foretell.shutdown()` exchanges it back.
    """

    def __init__(self, name: str, function: Callable[..., None], stand_in: Callable[[Any], None]) -> None:
        """`name` is that of the handler; `stand_in` takes the same arguments as `function`."""
        self._name = name
        self._function = function
        self._stand_in = stand_in
        self._code: Any = None

    def begin(self, handler: Setter) -> None:
        """Call `handler` in place of the setter."""
        handlers[self._name] = handler
        function = self._function
        if self._code is None and isinstance(function, FunctionType) and not function.__closure__:
            self._code = function.__code__
            function.__code__ = self._stand_in.__code__

    def call_original(self, provider: Any) -> None:
        """Do what the setter itself does."""
        function = self._function
        if self._code is None or not isinstance(function, FunctionType):
            function(provider)
            return
        FunctionType(self._code, function.__globals__, function.__name__, function.__defaults__)(provider)

    def end(self) -> None:
        """Give the setter its own code back."""
        if self._code is not None and isinstance(self._function, FunctionType):
            self._function.__code__ = self._code
            self._code = None
        handlers.pop(self._name, None)


TRACER = Redirect("tracer", trace.set_tracer_provider, _tell_tracer)
METER = Redirect("meter", metrics.set_meter_provider, _tell_meter)
