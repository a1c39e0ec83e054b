"""One answer of Claude's Agent SDK as spans, from the messages that it sends: the agent, its model calls and its tools."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context

from foretell.errors import FAULTS
from foretell.integrations.wrapping.contents import write_content
from foretell.integrations.wrapping.model_calls import SCOPE
from foretell.semconv import genai, own

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from foretell.integrations.integration import Wiring

AGENT = "claude"
MADE_UP = "<synthetic>"
"""The model of messages by which the program tells that the real one failed."""


class Turns:
    """What has come of one answer so far. Nothing here raises."""

    def __init__(self, wiring: Wiring, prompt: object) -> None:
        """Begin where the program begins to listen."""
        self._tracer = wiring.tracer_provider.get_tracer(SCOPE)
        self._has_content = wiring.has_content
        about = {genai.OPERATION: "invoke_agent", genai.AGENT_NAME: AGENT, genai.PROVIDER: "anthropic"}
        if self._has_content and isinstance(prompt, str):
            about[genai.INPUT_MESSAGES] = write_content(prompt)
        self._agent = self._tracer.start_span(f"invoke_agent {AGENT}", kind=SpanKind.INTERNAL, attributes=about)
        self._inside: Context = set_span_in_context(self._agent)
        self._models: list[_ModelCall] = []
        self._tools: dict[str, Span] = {}
        self._asked_ns = time.time_ns()

    @property
    def context(self) -> Context:
        """Where the tool stands that runs now."""
        spans = list(self._tools.values())
        return set_span_in_context(spans[-1]) if spans else self._inside

    def take(self, message: Any) -> None:
        """Look at a message on its way to the program."""
        try:
            kind = type(message).__name__
            if kind == "AssistantMessage":
                self._take_answer(message)
            elif kind == "UserMessage" and isinstance(message.content, list):
                self._take_results(message.content)
            elif kind == "ResultMessage":
                self._take_end(message)
        except Exception as error:
            FAULTS.note("integrations.claude", error)

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will come."""
        try:
            for span in (*self._tools.values(), *(call.span for call in self._models)):
                span.end()
            if isinstance(error, Exception):
                self._agent.record_exception(error)
                self._agent.set_status(Status(StatusCode.ERROR, str(error)))
            self._agent.end()
        except Exception as fault:
            FAULTS.note("integrations.claude", fault)

    def _take_answer(self, message: Any) -> None:
        last = self._models[-1] if self._models else None
        if message.model == MADE_UP:
            call = self._open_model(last.model if last else None, message)
            call.span.set_attribute(genai.ERROR_TYPE, str(message.error or "error"))
            call.span.set_status(Status(StatusCode.ERROR))
        elif last is None or last.id != message.message_id:
            call = self._open_model(message.model, message)
        else:
            call = last
        call.blocks.extend(message.content)
        call.ended_ns = time.time_ns()
        for block in message.content:
            if type(block).__name__ == "ToolUseBlock":
                self._open_tool(block)

    def _open_model(self, model: str | None, message: Any) -> _ModelCall:
        about: dict[str, Any] = {
            genai.OPERATION: "chat",
            genai.PROVIDER: "anthropic",
            genai.REQUEST_STREAM: True,
        }
        if model:
            about[genai.REQUEST_MODEL] = model
        span = self._tracer.start_span(
            f"chat {model or ''}".rstrip(), self._inside, SpanKind.CLIENT, about, start_time=self._asked_ns
        )
        call = _ModelCall(span, model, message)
        self._models.append(call)
        return call

    def _open_tool(self, block: Any) -> None:
        about = {genai.OPERATION: "execute_tool", genai.TOOL_NAME: block.name, genai.TOOL_CALL_ID: block.id}
        if self._has_content:
            about[genai.TOOL_ARGUMENTS] = write_content(block.input)
        self._tools[block.id] = self._tracer.start_span(f"execute_tool {block.name}", self._inside, attributes=about)

    def _take_results(self, blocks: list[Any]) -> None:
        for block in blocks:
            span = self._tools.pop(getattr(block, "tool_use_id", ""), None)
            if span is None:
                continue
            if self._has_content:
                span.set_attribute(genai.TOOL_RESULT, write_content(block.content))
            if block.is_error:
                span.set_attribute(genai.ERROR_TYPE, "tool_error")
                span.set_status(Status(StatusCode.ERROR))
            span.end()
        self._asked_ns = time.time_ns()

    def _take_end(self, message: Any) -> None:
        total = (message.usage or {}).get("output_tokens")
        answered = [call for call in self._models if call.usage]
        for call, share in zip(answered, _split(total, [call.size for call in answered]), strict=True):
            call.tell(share, is_estimated=len(answered) > 1, has_content=self._has_content)
        for call in self._models:
            call.span.end(call.ended_ns)
        self._models.clear()
        if message.is_error:
            self._agent.set_attribute(genai.ERROR_TYPE, message.subtype if message.subtype != "success" else "error")
            self._agent.set_status(Status(StatusCode.ERROR))


class _ModelCall:
    """One request of the program to the model; it tells the input at once, and the output only summed up at the end."""

    def __init__(self, span: Span, model: str | None, message: Any) -> None:
        self.span = span
        self.model = model
        self.id = message.message_id
        self.usage: dict[str, Any] = message.usage or {} if message.model != MADE_UP else {}
        self.blocks: list[Any] = []
        self.ended_ns = time.time_ns()

    @property
    def size(self) -> int:
        return len(write_content(self.blocks))

    def tell(self, output: int | None, *, is_estimated: bool, has_content: bool) -> None:
        read, written = (int(self.usage.get(f"cache_{kind}_input_tokens") or 0) for kind in ("read", "creation"))
        about: dict[str, Any] = {
            genai.RESPONSE_MODEL: self.model,
            genai.RESPONSE_ID: self.id,
            genai.USAGE_INPUT: int(self.usage.get("input_tokens") or 0) + read + written,
            genai.USAGE_CACHE_READ: read or None,
            genai.USAGE_CACHE_WRITE: written or None,
            genai.USAGE_OUTPUT: output,
            own.USAGE_ESTIMATED: is_estimated or None,
            genai.OUTPUT_MESSAGES: write_content(self.blocks) if has_content else None,
        }
        self.span.set_attributes({key: value for key, value in about.items() if value is not None})


def _split(total: int | None, sizes: list[int]) -> list[int | None]:
    """A sum in parts by size, which make the whole sum again."""
    if total is None or not sizes:
        return [None] * len(sizes)
    shares = [total * size // max(sum(sizes), 1) for size in sizes]
    shares[-1] += total - sum(shares)
    return list(shares)


async def follow(messages: AsyncIterator[Any], turns: Turns) -> AsyncIterator[Any]:
    """Hand messages on, and look at each."""
    failed: BaseException | None = None
    try:
        async for message in messages:
            turns.take(message)
            yield message
    except BaseException as error:
        failed = error
        raise
    finally:
        turns.end(failed)
