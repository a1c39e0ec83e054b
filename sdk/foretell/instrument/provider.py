"""The tracer provider that Foretell sets where there is none: ours for now, the application's as soon as it brings one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import NoOpTracerProvider, Span, Tracer

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.sampling import Sampler


class ForwardingTracer(Tracer):
    """A tracer that asks at each span who provides tracers now."""

    def __init__(self, shell: ShellProvider, *described: Any) -> None:
        """Forward what `get_tracer` was given."""
        self._shell = shell
        self._described = described
        self._found: tuple[Any, Tracer] | None = None

    def _tracer(self) -> Tracer:
        target = self._shell.target
        if self._found is None or self._found[0] is not target:
            self._found = (target, target.get_tracer(*self._described))
        return self._found[1]

    def start_span(self, *args: Any, **kwargs: Any) -> Span:
        """Start a span with the provider of the moment."""
        return self._tracer().start_span(*args, **kwargs)

    @contextmanager
    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Iterator[Span]:  # type: ignore[override]  # the API's own decorator class is private
        """Start a span with the provider of the moment and make it current."""
        with self._tracer().start_as_current_span(*args, **kwargs) as span:
            yield span


class ShellProvider(TracerProvider):
    """The global provider: a real SDK provider to whoever asks, forwarding to whoever is inside."""

    def __init__(self) -> None:
        """Start empty: spans go nowhere until `fill`."""
        super().__init__(shutdown_on_exit=False)
        self.target: Any = NoOpTracerProvider()
        self._flush: Callable[[int], bool] | None = None

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
        names = ("instrumenting_module_name", "instrumenting_library_version", "schema_url", "attributes")
        described = [*args, *(kwargs.get(name) for name in names[len(args) :])]
        return ForwardingTracer(self, *described)

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
        return bool(flush(timeout_millis)) if flush is not None else True

    def shutdown(self) -> None:
        """Send everything that has ended; `foretell.shutdown()` is what really stops us."""
        self.force_flush()


class OwnProvider(TracerProvider):
    """Makes the spans of the application's own tracers, and keeps the list of processors that our lean spans tell too."""

    def __init__(
        self, resource: Resource, sampler: Sampler | None, own: SpanProcessor, processors: list[SpanProcessor]
    ) -> None:
        """Give every foreign span to `own`; note further processors in `processors`."""
        super().__init__(sampler=sampler, resource=resource, shutdown_on_exit=False)
        self.processors = processors
        super().add_span_processor(own)

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """Tell this processor of every span, the lean ones included."""
        self.processors.append(span_processor)
        super().add_span_processor(span_processor)


class GlobalProvider:
    """Takes the place of the global provider if it is free, and steps aside when the application brings its own."""

    def __init__(self) -> None:
        """Change nothing yet."""
        self._shell: ShellProvider | None = None
        self._setter: Callable[..., None] | None = None

    def existing(self) -> Any | None:
        """The provider that the application has set, or None where the place is free or ours."""
        found = trace.get_tracer_provider()
        if isinstance(found, trace.ProxyTracerProvider) or found is self._shell:
            return None
        return found

    def occupy(self, provider: Any, flush: Callable[[int], bool], on_takeover: Callable[[Any], None]) -> None:
        """Set our shell, filled with `provider`; call `on_takeover` when the application sets its own."""
        if self._shell is None:
            self._shell = ShellProvider()
            trace.set_tracer_provider(self._shell)
        self._shell.fill(provider, flush)
        shell, setter = self._shell, trace.set_tracer_provider
        self._setter = setter

        def set_tracer_provider(tracer_provider: Any) -> None:
            """Let the application's provider take over from Foretell's."""
            if tracer_provider is not shell:
                shell.fill(tracer_provider)
                on_takeover(tracer_provider)

        trace.set_tracer_provider = set_tracer_provider

    def vacate(self) -> None:
        """Undo `occupy`: the setter is OpenTelemetry's again; the shell, which cannot be taken out, is empty."""
        if self._setter is not None:
            trace.set_tracer_provider = self._setter
            self._setter = None
            if self._shell is not None and isinstance(self._shell.target, OwnProvider):
                self._shell.empty()


GLOBAL = GlobalProvider()
"""One a process, as OpenTelemetry's own global provider is."""
