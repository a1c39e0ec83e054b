"""The tracers that instrumentors get from us: spans of whoever provides spans now, with the contents kept aside for us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanKind,
    Tracer,
    TracerProvider,
    get_current_span,
    set_span_in_context,
    use_span,
)

from foretell.instrument.operation import SESSION
from foretell.instrument.otel.foreign_content import is_content
from foretell.instrument.otel.provider import CurrentSpan, OwnProvider
from foretell.model.facts import Session
from foretell.semconv import genai

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.context import Context
    from opentelemetry.trace import SpanContext
    from opentelemetry.trace.status import Status, StatusCode
    from opentelemetry.util.types import Attributes

    from foretell.instrument.otel.foreign import ForeignSpans

Aside = dict[str, Any]  # attribute values


class IntegrationTracers(TracerProvider):
    """Gives tracers to the instrumentors that we switch on."""

    def __init__(
        self,
        provider: Callable[[], TracerProvider],
        foreign: Callable[[], ForeignSpans | None],
        *,
        is_shown: bool,
        is_doubled: Callable[[], bool] = lambda: False,
        is_kept: bool = False,
        twins: frozenset[str] = frozenset(),
    ) -> None:
        """Make spans with `provider`, keep their contents for `foreign`; `is_shown`: the program wants them on spans.

        While `is_doubled()`, others tell of the same calls: then there are none, or, with `is_kept`, ones for `foreign`
        alone. `twins` are scopes of others' spans that do not become current.
        """
        self.provider = provider
        self.foreign = foreign
        self.is_shown = is_shown
        self.is_doubled = is_doubled
        self.is_kept = is_kept
        self.twins = twins
        self._hidden: tuple[ForeignSpans, TracerProvider] | None = None

    def beside(self, is_doubled: Callable[[], bool], *, is_kept: bool, twins: frozenset[str]) -> IntegrationTracers:
        """The same, for an instrumentor beside which others may tell of the same calls."""
        return IntegrationTracers(
            self.provider, self.foreign, is_shown=self.is_shown, is_doubled=is_doubled, is_kept=is_kept, twins=twins
        )

    def hidden(self) -> TracerProvider | None:
        """A provider that only `foreign` hears of; None where nobody takes spans in, or others tell enough."""
        foreign = self.foreign() if self.is_kept else None
        if foreign is not None and (self._hidden is None or self._hidden[0] is not foreign):
            from opentelemetry.sdk.resources import Resource

            self._hidden = foreign, OwnProvider(Resource.get_empty(), None, foreign, [])
        return None if foreign is None or self._hidden is None else self._hidden[1]

    def get_tracer(self, *args: Any, **kwargs: Any) -> Tracer:
        """A tracer that follows when the provider changes."""
        return IntegrationTracer(self, args, kwargs)


class IntegrationTracer(Tracer):
    """Starts spans whose contents go to our store and nowhere else."""

    def __init__(self, tracers: IntegrationTracers, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Forward what `get_tracer` was given."""
        self._tracers = tracers
        self._described = args, kwargs
        self._found: tuple[TracerProvider, Tracer] | None = None

    def _tracer(self, provider: TracerProvider) -> Tracer:
        if self._found is None or self._found[0] is not provider:
            args, kwargs = self._described
            self._found = provider, provider.get_tracer(*args, **kwargs)
        return self._found[1]

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        *args: Any,
        **kwargs: Any,
    ) -> Span:
        """Start a span; what it is given of contents stands aside."""
        told, aside = split(attributes, self._tracers)
        told = {**_identify(context), **told}
        if self._tracers.is_doubled():
            return self._hide(name, context, kind, told, aside, *args, **kwargs)
        span = self._tracer(self._tracers.provider()).start_span(name, context, kind, told, *args, **kwargs)
        if not span.is_recording() or self._tracers.is_shown:
            return span
        return DiscreetSpan(span, self._tracers, aside)

    def _hide(
        self, name: str, context: Context | None, kind: SpanKind, told: Aside, aside: Aside, *args: Any, **kwargs: Any
    ) -> Span:
        """Start a span that only we hear of, inside the one that tells of the same call to others, where that is open."""
        around = get_current_span(context)
        context_around = around.get_span_context()
        provider, foreign = self._tracers.hidden(), self._tracers.foreign()
        if provider is None or foreign is None:
            return NonRecordingSpan(context_around)
        twin = foreign.find_beside(self._tracers.twins, context_around.span_id) if self._tracers.twins else None
        if twin is not None:
            context = set_span_in_context(twin.span, context)
        span = self._tracer(provider).start_span(name, context, kind, told, *args, **kwargs)
        return HiddenSpan(span, self._tracers, aside, context_around)

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> CurrentSpan:  # type: ignore[override]  # the API's own decorator class is private
        """Start a span and make it current."""
        options = {
            "record_exception": kwargs.get("record_exception", True),
            "set_status_on_exception": kwargs.get("set_status_on_exception", True),
        }
        ends = kwargs.pop("end_on_exit", True)

        @contextmanager
        def run() -> Iterator[Span]:
            span = self.start_span(*args, **kwargs)
            with use_span(span, end_on_exit=ends, **options):
                yield span

        def start() -> AbstractContextManager[Span]:
            return run()

        return CurrentSpan(start)


def _identify(context: Context | None) -> dict[str, Any]:
    """The ids of the session around a span, so that other back-ends group it as we do."""
    session: Any = (context if context is not None else get_current()).get(SESSION)
    if not isinstance(session, Session):
        return {}
    ids = {
        genai.CONVERSATION_ID: session.conversation_id,
        genai.SESSION_ID: session.id,
        genai.USER_ID: session.user_id,
    }
    return {name: value for name, value in ids.items() if value is not None}


def split(attributes: Attributes, tracers: IntegrationTracers) -> tuple[dict[str, Any], Aside]:
    """What may stand on the span, and what is kept aside."""
    given = dict(attributes or {})
    if tracers.is_shown:
        return given, {}
    aside = {key: given.pop(key) for key in list(given) if is_content(key)}
    return given, aside


class DiscreetSpan(Span):
    """A span that keeps prompts, arguments and results from everybody but us; all else it does as the span inside."""

    def __init__(self, span: Span, tracers: IntegrationTracers, aside: Aside) -> None:
        """Stand before `span`; `aside` are the contents that it was started with."""
        self._span = span
        foreign = tracers.foreign()
        place = foreign.find(span.get_span_context().span_id) if foreign is not None else None
        self._aside: Aside | None = None
        if place is not None:
            place.aside = self._aside = aside

    def get_span_context(self) -> SpanContext:
        """The span's own."""
        return self._span.get_span_context()

    def set_attribute(self, key: str, value: Any) -> None:
        """Put an attribute on the span, or a content aside."""
        if not is_content(key):
            self._span.set_attribute(key, value)
        elif self._aside is not None:
            self._aside[key] = value

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Put attributes on the span, and contents aside."""
        told = {key: value for key, value in attributes.items() if not is_content(key)}
        if self._aside is not None and len(told) < len(attributes):
            self._aside.update((key, value) for key, value in attributes.items() if key not in told)
        self._span.set_attributes(told)

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Add an event, without the contents in it."""
        told = {key: value for key, value in (attributes or {}).items() if not is_content(key)}
        self._span.add_event(name, told, timestamp)

    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Add a link."""
        self._span.add_link(context, attributes)

    def update_name(self, name: str) -> None:
        """Rename the span."""
        self._span.update_name(name)

    def is_recording(self) -> bool:
        """Whether anybody wants to know."""
        return self._span.is_recording()

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Say how it went."""
        self._span.set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Add an event about an exception."""
        self._span.record_exception(exception, attributes, timestamp, escaped)

    def end(self, end_time: int | None = None) -> None:
        """End the span."""
        self._span.end(end_time)

    def __getattr__(self, name: str) -> Any:
        """What else the span inside can do: some instrumentors read its attributes or its name."""
        return getattr(self._span, name)


class HiddenSpan(DiscreetSpan):
    """A span for our record alone: whatever is started inside it stands, for everybody else, in what is around it."""

    def __init__(self, span: Span, tracers: IntegrationTracers, aside: Aside, around: SpanContext) -> None:
        """Stand before `span`, and say that one is `around`."""
        super().__init__(span, tracers, aside)
        self.own_id = span.get_span_context().span_id
        """By which we know it."""
        self._around = around
        foreign = tracers.foreign()
        place = foreign.find(self.own_id) if foreign is not None else None
        if place is not None:
            place.is_hidden = True

    def get_span_context(self) -> SpanContext:
        """That of the span around it."""
        return self._around
