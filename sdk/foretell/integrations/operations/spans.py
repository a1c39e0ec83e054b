"""The same calls by spans, where others tell of them too: spans hide from others, and know how to be one call with theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind, use_span

from foretell.errors import FAULTS
from foretell.integrations.operations.answers import hand_over
from foretell.integrations.operations.requests import take_request
from foretell.integrations.wrapping.contents import write_content
from foretell.integrations.wrapping.model_calls import ModelCalls, OpenCall, run_inside
from foretell.model.facts import ErrorFacts, InferenceFacts
from foretell.semconv import genai
from foretell.semconv.messages.content import as_span_attributes
from foretell.semconv.messages.parts import dumps, parse
from foretell.semconv.messages.requests import add_request
from foretell.semconv.messages.schema import read_request, read_response

if TYPE_CHECKING:
    from foretell.integrations.integration import Wiring
    from foretell.integrations.operations.api import Api, Request

_OUTPUT_BYTES = 256 * 1024


class SpanCalls(ModelCalls):
    """Tells of one sort of request by spans."""

    def __init__(self, wiring: Wiring, api: Api) -> None:
        """Tell of requests of that sort."""
        super().__init__(wiring, api.provider, operation=api.operation)
        self.has_content = wiring.has_content and bool(api.contents)
        self._api = api

    def around(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call what is wrapped inside a span."""
        call = self.open(instance, kwargs)
        if call is None:
            return wrapped(*args, **kwargs)
        return hand_over(call, run_inside(call, wrapped, args, kwargs))

    async def around_later(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same for a method that is awaited."""
        call = self.open(instance, kwargs)
        if call is None:
            return await wrapped(*args, **kwargs)
        try:
            with use_span(call.span, record_exception=False, set_status_on_exception=False):
                result = await wrapped(*args, **kwargs)
        except BaseException as error:
            call.fail(error)
            raise
        return hand_over(call, result)

    def open(self, instance: Any, kwargs: dict[str, Any]) -> OpenCall | None:
        """Begin a call, with what it asks for on its span."""
        try:
            request, contents = take_request(self._api, instance, kwargs)
            model = request.get("model")
            about = self._describe(request)
            if self.has_content:
                about |= _write_contents(contents)
            name = f"{self.operation} {model}" if model else self.operation
            return OpenCall(self.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=about), self)
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    def find_error(self, answer: Any) -> ErrorFacts | None:
        """Why an answer failed that came without an exception."""
        return self._api.find_error(answer) if self._api.find_error is not None else None

    def write_output(self, pieces: list[Any], *, is_stream: bool) -> str:
        """What came out, in the conventions' words."""
        if is_stream:
            gathered = self._api.gather(_OUTPUT_BYTES)
            for piece in pieces:
                gathered.add(piece)
            captured = gathered.join()
            said = captured.value if captured is not None else []
        else:
            said = parse(write_content(pieces[0]))
        return dumps(read_response(said))

    def _describe(self, request: Request) -> dict[str, Any]:
        facts = InferenceFacts(self.provider, self.operation)
        conversation_id = request.get("conversation_id")
        self._api.describe(facts, request, None)
        about: dict[str, Any] = {
            genai.OPERATION: self.operation,
            genai.PROVIDER: self.provider,
            genai.REQUEST_MODEL: request.pop("model", None),
            genai.REQUEST_STREAM: request.pop("stream", None) or None,
            genai.OUTPUT_TYPE: facts.output_type,
            genai.SERVER_ADDRESS: facts.server_address,
            genai.SERVER_PORT: facts.server_port,
            genai.OPENAI_API_TYPE: facts.api_type,
            genai.OPENAI_REQUEST_SERVICE_TIER: request.get("service_tier"),
            genai.CONVERSATION_ID: conversation_id,
            genai.DIMENSION_COUNT: facts.dimension_count,
        }
        add_request(about, request)
        return {key: value for key, value in about.items() if value is not None}


def _write_contents(given: dict[str, Any]) -> dict[str, str]:
    conversation = read_request(parse(write_content(given)))
    contents: dict[str, Any] = {genai.INPUT_MESSAGES: conversation.messages}
    if conversation.system_instructions:
        contents[genai.SYSTEM_INSTRUCTIONS] = conversation.system_instructions
    if conversation.tools:
        contents[genai.TOOL_DEFINITIONS] = conversation.tools
    return as_span_attributes(contents)
