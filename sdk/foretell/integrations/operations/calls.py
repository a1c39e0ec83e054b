"""Tells of a client's model calls by operations; where others tell of the same call, by spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current
from opentelemetry.trace import get_current_span

from foretell.errors import FAULTS
from foretell.instrument import state
from foretell.instrument.contexts import abandon, leave_context
from foretell.instrument.operation import Operation
from foretell.instrument.spec import Spec
from foretell.instrument.wrapping.callables import break_off
from foretell.integrations.operations.answers import hand_over
from foretell.integrations.operations.requests import take_request
from foretell.integrations.operations.spans import SpanCalls
from foretell.integrations.operations.streams import LastingCall, note_answer
from foretell.integrations.tracing import IntegrationTracers
from foretell.integrations.wrapping.model_calls import SCOPE
from foretell.model.facts import Session
from foretell.model.kinds import Kind
from foretell.model.payload import size_of
from foretell.payloads.taking.snapshot import take_snapshot

if TYPE_CHECKING:
    from foretell.instrument.runtime import Runtime
    from foretell.integrations.integration import Wiring
    from foretell.integrations.operations.api import Api

MAX_MODELS = 500
"""How many models' specs are kept; a program has a few, unless it takes something else for a model."""
_INFERENCE = (Kind.LLM, Kind.EMBEDDINGS)


class OperationCalls:
    """Wraps the methods of one sort of request.

    After a wait for a model nothing of this is in the processor's caches, where each function costs its caller 5 to
    10 µs: so there are few, and long ones.
    """

    def __init__(self, wiring: Wiring, api: Api) -> None:
        """Tell of requests of that sort."""
        tracers = wiring.tracer_provider
        self.is_on = True
        """False once it is switched off: a client may have kept a wrapped method."""
        self._api = api
        self._tracers = tracers if isinstance(tracers, IntegrationTracers) else None
        self._spans = SpanCalls(wiring, api)
        self._specs: dict[str | None, Spec] = {}

    def around(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call what is wrapped inside an operation, which ends with the answer, or with the last piece of it."""
        runtime = state.current
        if runtime is None or not self.is_on:
            return wrapped(*args, **kwargs)
        if self._is_told_by_spans(runtime):
            return self._spans.around(wrapped, instance, args, kwargs)
        operation = self._open(runtime, instance, kwargs)
        if operation is None:
            return wrapped(*args, **kwargs)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            break_off(operation, error)
            raise
        if "extra_headers" in kwargs or kwargs.get("stream"):
            return self._hand_over(operation, result)
        self._end(operation, result)
        return result

    async def around_later(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same for a method that is awaited: it begins when it is."""
        runtime = state.current
        if runtime is None or not self.is_on:
            return await wrapped(*args, **kwargs)
        if self._is_told_by_spans(runtime):
            return await self._spans.around_later(wrapped, instance, args, kwargs)
        operation = self._open(runtime, instance, kwargs)
        if operation is None:
            return await wrapped(*args, **kwargs)
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            break_off(operation, error)
            raise
        if "extra_headers" in kwargs or kwargs.get("stream"):
            return self._hand_over(operation, result)
        self._end(operation, result)
        return result

    def _is_told_by_spans(self, runtime: Runtime) -> bool:
        """Whether others tell of this call too, or a call of its sort is around it: spans know how to be one call."""
        try:
            tracers = self._tracers
            if tracers is not None and (tracers.is_shown or tracers.is_doubled()):
                return True
            foreign = runtime.spans.foreign
            has_foreign = foreign is not None and bool(foreign.places)
            if not has_foreign and not runtime.open_calls:
                return False
            context = get_current()
            around: Any = context.get(runtime.context_key)
            if around is not None and around.kind in _INFERENCE:
                return True
            if foreign is None or not has_foreign:
                return False
            place = foreign.find(get_current_span(context).get_span_context().span_id)
            if place is not None and not place.look():
                place = place.above
            return place is not None and place.kind in _INFERENCE
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return False

    def _open(self, runtime: Runtime, instance: Any, kwargs: dict[str, Any]) -> Operation | None:
        try:
            request, contents = take_request(self._api, instance, kwargs)
            model = request.get("model")
            operation = Operation(runtime, self._specs.get(model) or self._learn(model), request)
            operation.scope = SCOPE
            if contents and operation.is_captured_in:
                operation.input = captured = take_snapshot(contents, runtime.capture.limit_bytes, is_sorted=True)
                operation.size_bytes += size_of(captured)
            if "conversation_id" in request:
                _join_conversation(operation, request["conversation_id"])
            return operation
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    def _learn(self, model: Any) -> Spec:
        api = self._api
        name = model if isinstance(model, str) else None
        is_kept = None if api.contents else False
        if len(self._specs) >= MAX_MODELS:
            self._specs.clear()
        spec = self._specs[model] = Spec(
            api.kind,
            name or api.operation,
            api.provider,
            name,
            api.operation,
            capture_inputs=is_kept,
            capture_outputs=is_kept,
            describe=api.describe,
        )
        return spec

    def _end(self, operation: Operation, result: Any) -> None:
        try:
            leave_context(operation, is_certain=True)
            note_answer(operation, self._api, result)
            operation.finish(result)
        except Exception as error:
            FAULTS.note("integrations.finish", error)
            abandon(operation)

    def _hand_over(self, operation: Operation, result: Any) -> Any:
        """What the program gets of a call that may go on: nothing of its own stands inside that."""
        leave_context(operation, is_certain=True)
        return hand_over(LastingCall(operation, self._api), result)


def _join_conversation(operation: Operation, conversation_id: str) -> None:
    from foretell.instrument.otel.foreign_place import join_sessions

    operation.session = join_sessions(Session(conversation_id=conversation_id), operation.session)
