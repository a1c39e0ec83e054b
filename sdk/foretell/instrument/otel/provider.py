"""The tracer provider that Foretell sets where there is none: ours for now, the application's as soon as it brings one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import DEFAULT_ON, Decision, Sampler, SamplingResult
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, Span, Tracer

from foretell.errors import FAULTS
from foretell.instrument.otel.redirect import TRACER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.context import Context
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.trace import Link, SpanKind, TraceState
    from opentelemetry.util.types import Attributes


class CurrentSpan(AbstractContextManager[Span]):
    """A span that is started and current inside a block, or around each call of what it decorates."""

    def __init__(self, start: Callable[[], AbstractContextManager[Span]]) -> None:
        """`start` asks the provider of the moment, each time."""
        self._start = start
        self._inside: AbstractContextManager[Span] | None = None

    def __enter__(self) -> Span:
        """Start the span and make it current."""
        self._inside = self._start()
        return self._inside.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """End the span; the error, if any, is its."""
        inside, self._inside = self._inside, None
        return inside.__exit__(kind, error, trace) if inside is not None else None

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Put a span around each call of a function or coroutine function."""
        if inspect.iscoroutinefunction(func):

            @functools.wraps(func)
            async def call(*args: Any, **kwargs: Any) -> Any:
                with self._start():
                    return await func(*args, **kwargs)

        else:

            @functools.wraps(func)
            def call(*args: Any, **kwargs: Any) -> Any:
                with self._start():
                    return func(*args, **kwargs)

        return call


class ForwardingTracer(Tracer):
    """A tracer that asks at each span who provides tracers now."""

    def __init__(self, shell: ShellProvider, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Forward what `get_tracer` was given."""
        self._shell = shell
        self._described = args, kwargs
        self._found: tuple[Any, Tracer] | None = None

    def _tracer(self) -> Tracer:
        target, found = self._shell.target, self._found
        if found is None or found[0] is not target:
            args, kwargs = self._described
            source = NoOpTracerProvider() if self._shell.is_muted(*args, **kwargs) else target
            found = self._found = (target, source.get_tracer(*args, **kwargs))
        return found[1]

    def start_span(self, *args: Any, **kwargs: Any) -> Span:
        """Start a span with the provider of the moment."""
        return self._tracer().start_span(*args, **kwargs)

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> CurrentSpan:  # type: ignore[override]  # the API's own decorator class is private
        """Start a span with the provider of the moment and make it current."""
        return CurrentSpan(lambda: self._tracer().start_as_current_span(*args, **kwargs))


class ShellProvider(TracerProvider, ProxyTracerProvider):
    """The global provider: a real SDK provider to whoever asks, forwarding to whoever is inside.

    It is OpenTelemetry's stand-in too: who looks whether the place is free brings a provider as it would without us,
    with its own resource, sampler and ids, and that one takes over.
    """

    def __init__(self) -> None:
        """Start empty: spans go nowhere until `fill`."""
        super().__init__(shutdown_on_exit=False)
        self.target: Any = NoOpTracerProvider()
        self.is_taken = False
        """True where the application has put its own provider inside."""
        self.muted: frozenset[str] = frozenset()
        """Names of instrumentations that make no spans while the provider inside is ours."""
        self._flush: Callable[[int], bool] | None = None

    def is_muted(self, instrumenting_module_name: str = "", *_: Any, **__: Any) -> bool:
        """Whether a tracer of that name makes no spans; takes what `get_tracer` takes."""
        return not self.is_taken and instrumenting_module_name in self.muted

    def fill(self, provider: Any, flush: Callable[[int], bool] | None = None) -> None:
        """Forward to `provider` from now on."""
        self.target = provider
        self._flush = flush

    def empty(self) -> None:
        """Forward to nothing."""
        self.fill(NoOpTracerProvider())

    @property
    def resource(self) -> Resource:
        """The resource of whoever is inside."""
        return getattr(self.target, "resource", None) or super().resource

    def get_tracer(self, *args: Any, **kwargs: Any) -> Tracer:
        """A tracer that follows when the provider inside changes."""
        return ForwardingTracer(self, args, kwargs)

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """Add a processor to whoever is inside."""
        add = getattr(self.target, "add_span_processor", None)
        if add is not None:
            add(span_processor)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send everything that has ended."""
        if self._flush is not None:
            return self._flush(timeout_millis)
        flush = getattr(self.target, "force_flush", None)
        return flush(timeout_millis) is not False if flush is not None else True

    def shutdown(self) -> None:
        """Send everything that has ended and end the processors; `foretell.shutdown()` is what really stops us."""
        self.force_flush()
        shutdown = getattr(self.target, "shutdown", None)
        if shutdown is not None:
            shutdown()


class KeepAll(Sampler):
    """Has spans recorded that another sampler would drop: unsampled, they are not exported, but still stored and counted."""

    def __init__(self, sampler: Sampler) -> None:
        """Ask `sampler` what is exported."""
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """What the sampler says, but for the dropping."""
        result = self._sampler.should_sample(parent_context, trace_id, name, kind, attributes, links)
        if result.decision is not Decision.DROP:
            return result
        return SamplingResult(Decision.RECORD_ONLY, attributes, result.trace_state)

    def get_description(self) -> str:
        """The sampler's own."""
        return self._sampler.get_description()


class OwnProvider(TracerProvider):
    """Makes the spans of the application's own tracers, and keeps the list of processors that our lean spans tell too."""

    def __init__(
        self,
        resource: Resource,
        sampler: Sampler | None,
        own: SpanProcessor,
        processors: list[SpanProcessor],
        limits: SpanLimits | None = None,
    ) -> None:
        """Give every foreign span to `own`; note further processors in `processors`."""
        super().__init__(
            sampler=KeepAll(sampler or DEFAULT_ON), resource=resource, shutdown_on_exit=False, span_limits=limits
        )
        self.processors = processors
        super().add_span_processor(own)

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """Tell this processor of every span, the lean ones included."""
        self.processors.append(span_processor)
        super().add_span_processor(span_processor)

    def shutdown(self) -> None:
        """End the processors; from now on our spans tell none."""
        self.processors.clear()
        super().shutdown()


class GlobalProvider:
    """Takes the place of the global provider if it is free, and steps aside when the application brings its own."""

    def __init__(self) -> None:
        """Change nothing yet."""
        self._shell: ShellProvider | None = None
        self._on_takeover: Callable[[Any], None] | None = None

    def existing(self) -> Any | None:
        """The provider that the application has set, or None where the place is free or ours."""
        found = trace.get_tracer_provider()
        if self._shell is not None and found is self._shell:
            return self._shell.target if self._shell.is_taken else None
        return None if isinstance(found, trace.ProxyTracerProvider) else found

    def occupy(self, provider: Any, flush: Callable[[int], bool], on_takeover: Callable[[Any], None]) -> None:
        """Set our shell, filled with `provider`; call `on_takeover` when the application sets its own."""
        if self._shell is None:
            self._shell = ShellProvider()
            trace.set_tracer_provider(self._shell)
        self._shell.fill(provider, flush)
        self._on_takeover = on_takeover
        TRACER.begin(self._step_aside)

    def vacate(self) -> None:
        """Empty the shell, which OpenTelemetry lets nobody take out; the application may still put its own provider in."""
        self._on_takeover = None
        if self._shell is not None and not self._shell.is_taken:
            self._shell.empty()

    def _step_aside(self, provider: Any) -> None:
        """Let the application's provider take over; a second one is refused by OpenTelemetry itself."""
        shell, on_takeover = self._shell, self._on_takeover
        if shell is None or provider is shell:
            return
        TRACER.end()
        self._on_takeover = None
        shell.fill(provider)
        shell.is_taken = True
        if on_takeover is not None:
            try:
                on_takeover(provider)
            except Exception as error:
                FAULTS.note("takeover", error)


GLOBAL = GlobalProvider()
"""One a process, as OpenTelemetry's own global provider is."""
