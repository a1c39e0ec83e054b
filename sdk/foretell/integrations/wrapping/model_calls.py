"""Tells of a client's model calls by spans: plain, asynchronous and streaming ones, by one wrapper for all."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, use_span

from foretell.cost.responses import Skeleton, add_response
from foretell.errors import FAULTS
from foretell.integrations.wrapping.contents import write_content
from foretell.model.facts import ErrorFacts, InferenceFacts
from foretell.payloads.taking.bare import name_type
from foretell.semconv import genai

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from foretell.integrations.integration import Wiring

SCOPE = "foretell.integrations"
Model = Callable[[tuple[Any, ...], Mapping[str, Any]], str | None]
"""Finds the model's name among a call's arguments."""


def model_by_name(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """The argument `model`, or the first one."""
    model = kwargs.get("model", args[0] if args else None)
    return model if isinstance(model, str) else None


class ModelCalls:
    """Wraps the methods of one client."""

    def __init__(
        self,
        wiring: Wiring,
        provider: str,
        *,
        inputs: tuple[str, ...] = ("messages",),
        operation: str = "chat",
        model: Model = model_by_name,
    ) -> None:
        """Tell of calls to `provider`, whose prompts stand in the arguments `inputs`."""
        self.tracer: Tracer = wiring.tracer_provider.get_tracer(SCOPE)
        self.has_content = wiring.has_content
        self.provider = provider
        self.operation = operation
        self._inputs = inputs
        self._model = model

    def __call__(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call what is wrapped inside a span, which ends with the answer, or with the last piece of it."""
        call = self._open(args, kwargs)
        if call is None:
            return wrapped(*args, **kwargs)
        result = run_inside(call, wrapped, args, kwargs)
        if inspect.iscoroutine(result):
            return _await(call, result)
        return hand_over(call, result)

    def find_error(self, answer: Any) -> ErrorFacts | None:
        """Why an answer failed that came without an exception."""
        return None

    def write_output(self, pieces: list[Any], *, is_stream: bool) -> str:
        """What came out, as JSON: the pieces of a stream, or the one answer."""
        return write_content(pieces if is_stream else pieces[0])

    def _open(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OpenCall | None:
        try:
            model = self._model(args, kwargs)
            name = f"{self.operation} {model}" if model else self.operation
            about = {genai.OPERATION: self.operation, genai.PROVIDER: self.provider}
            if model:
                about[genai.REQUEST_MODEL] = model
            if self.has_content:
                given = {key: kwargs[key] for key in self._inputs if key in kwargs}
                about[genai.INPUT_MESSAGES] = write_content(given[self._inputs[0]] if len(given) == 1 else given)
            return OpenCall(self.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=about), self)
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None


class OpenCall:
    """One model call that is under way. Nothing here raises."""

    def __init__(self, span: Span, calls: ModelCalls) -> None:
        """Tell of it by `span`."""
        self.span = span
        self._calls = calls
        self._started_s = time.perf_counter()
        self._skeletons: list[Skeleton] = []
        self._pieces: list[Any] = []
        self._is_stream = self._has_ended = False

    def chunk(self, piece: Any) -> None:
        """A piece of a stream has come."""
        try:
            if not self._is_stream:
                self._is_stream = True
                self.span.set_attribute(genai.REQUEST_STREAM, True)
                self.span.set_attribute(genai.RESPONSE_TIME_TO_FIRST_CHUNK, time.perf_counter() - self._started_s)
            add_response(self._skeletons, piece)
            if self._calls.has_content:
                self._pieces.append(piece)
        except Exception as error:
            FAULTS.note("integrations.chunk", error)

    def finish(self, answer: Any = None) -> None:
        """It has answered."""
        if self._has_ended:
            return
        self._has_ended = True
        try:
            if answer is not None:
                add_response(self._skeletons, answer)
                self._pieces.append(answer)
                self._note_error(self._calls.find_error(answer))
            self._tell()
        except Exception as error:
            FAULTS.note("integrations.finish", error)
        self.span.end()

    def fail(self, error: BaseException) -> None:
        """It has failed, or was given up; what came before counts."""
        if self._has_ended:
            return
        if not isinstance(error, GeneratorExit):
            self.span.set_attribute(genai.ERROR_TYPE, name_type(type(error)))
        if isinstance(error, Exception):
            self.span.record_exception(error)
            self.span.set_status(Status(StatusCode.ERROR, str(error)))
        self.finish()

    def _note_error(self, error: ErrorFacts | None) -> None:
        if error is not None:
            self.span.set_attribute(genai.ERROR_TYPE, error.type)
            self.span.set_status(Status(StatusCode.ERROR, error.message))

    def __del__(self) -> None:
        """A stream that nobody reads on ends here."""
        self.finish()

    def _tell(self) -> None:
        from foretell.cost.usage import read_facts

        facts = InferenceFacts()
        usage = read_facts(self._skeletons, facts) if self._skeletons else None
        about: dict[str, Any] = {
            genai.RESPONSE_MODEL: facts.response_model,
            genai.RESPONSE_ID: facts.response_id,
            genai.RESPONSE_FINISH_REASONS: facts.finish_reasons or None,
        }
        if self._calls.provider in genai.OPENAI_PROVIDERS:
            about[genai.OPENAI_RESPONSE_SERVICE_TIER] = facts.service_tier
            about[genai.OPENAI_SYSTEM_FINGERPRINT] = facts.system_fingerprint
            about[genai.DIMENSION_COUNT] = facts.dimension_count
        if usage is not None:
            about[genai.USAGE_INPUT] = usage.input_tokens
            about[genai.USAGE_OUTPUT] = usage.output_tokens
            about[genai.USAGE_CACHE_READ] = usage.cache_read or None
            about[genai.USAGE_CACHE_WRITE] = usage.cache_write or None
            about[genai.USAGE_REASONING] = usage.reasoning or None
        if self._calls.has_content and self._pieces:
            about[genai.OUTPUT_MESSAGES] = self._calls.write_output(self._pieces, is_stream=self._is_stream)
        self.span.set_attributes({key: value for key, value in about.items() if value is not None})


def run_inside(call: OpenCall, wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call what is wrapped while the call's span is current; a failure is the call's too."""
    try:
        with use_span(call.span, record_exception=False, set_status_on_exception=False):
            return wrapped(*args, **kwargs)
    except BaseException as error:
        call.fail(error)
        raise


async def _await(call: OpenCall, coroutine: Any) -> Any:
    try:
        with use_span(call.span, record_exception=False, set_status_on_exception=False):
            result = await coroutine
    except BaseException as error:
        call.fail(error)
        raise
    return hand_over(call, result)


def hand_over(call: OpenCall, result: Any) -> Any:
    """What the program gets: the answer, or a stream whose pieces are told of as they are read."""
    from foretell.integrations.wrapping.streams import RecordedStream

    if hasattr(result, "__next__") or hasattr(result, "__anext__"):
        return RecordedStream(result, call)
    call.finish(result)
    return result
