"""OpenAI's requests: chat completions, responses and embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foretell.cost.fields import fields_of, read_text
from foretell.integrations.operations.api import Api, Request
from foretell.integrations.operations.openai_pieces import ChatPieces, NoPieces, ResponsePieces, read_error
from foretell.model.kinds import Kind
from foretell.model.payload import value_of

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import ErrorFacts, InferenceFacts

HTTPS_PORT = 443
_NAMES = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "reasoning_effort": "reasoning_level",
    "encoding_format": "encoding_formats",
}
"""OpenAI's word → ours, where it is another; the last one given wins."""
_IN_BODY = ("max_completion_tokens", "service_tier")
"""Parameters that older clients take in `extra_body` only."""


def note_further(request: Request, kwargs: Mapping[str, Any]) -> None:
    """Note what a request asks for by values that are not plain."""
    for key in ("response_format", "text_format"):
        if (asked := read_output_type(kwargs.get(key))) is not None:
            request["output_type"] = asked
    text = fields_of(kwargs.get("text"))
    if text and (asked := read_output_type(text.get("format"))) is not None:
        request["output_type"] = asked
    if (reasoning := fields_of(kwargs.get("reasoning"))) and (effort := read_text(reasoning.get("effort"))):
        request["reasoning_level"] = effort
    conversation = kwargs.get("conversation")
    named = conversation if isinstance(conversation, str) else (fields_of(conversation) or {}).get("id")
    if named and (text_of := read_text(named)):
        request["conversation_id"] = text_of
    body = kwargs.get("extra_body")
    if isinstance(body, Mapping):
        for key in _IN_BODY:
            if isinstance(body.get(key), (str, int)):
                request.setdefault(key, body[key])


def read_output_type(asked: Any) -> str | None:
    """The conventions' word for what is to come out: from a class, a name, or a mapping with a type."""
    if isinstance(asked, type):
        return "json"
    name = read_text(asked if isinstance(asked, str) else (fields_of(asked) or {}).get("type"))
    return "json" if name in ("json_object", "json_schema") else name or None


def describe(facts: InferenceFacts, request: Request, call: Call | None) -> None:
    """Fill facts from what was noted, and leave parameters under the conventions' words."""
    url = request.pop("base_url", None)
    if url is not None:
        facts.server_address = url.host or None
        facts.server_port = url.port if url.port != HTTPS_PORT else None
    facts.output_type = request.pop("output_type", None)
    facts.dimension_count = request.pop("dimensions", None)
    request.pop("conversation_id", None)
    for name, word in _NAMES.items():
        if name in request:
            request[word] = request.pop(name)
    if request.get("service_tier") == "auto":
        del request["service_tier"]


def describe_chat(facts: InferenceFacts, request: Request, call: Call | None) -> None:
    """The same of a chat completion."""
    describe(facts, request, call)
    facts.api_type = "chat_completions"


def describe_response(facts: InferenceFacts, request: Request, call: Call | None) -> None:
    """The same of a response, whose conversation may be told in short."""
    describe(facts, request, call)
    facts.api_type = "responses"
    if call is not None and call.input is not None:
        facts.conversation_is_compacted = has_compaction(value_of(call.input), "input")
    if call is not None and call.output is not None:
        facts.conversation_is_compacted |= has_compaction(value_of(call.output), "output")


def has_compaction(content: Any, key: str) -> bool:
    """Whether an item among the contents stands for many that were left out."""
    items = content.get(key) if isinstance(content, dict) else None
    return isinstance(items, list) and any(
        isinstance(item, dict) and item.get("type") == "compaction" for item in items
    )


def find_error(answer: Any) -> ErrorFacts | None:
    """Why a response failed that came without an exception."""
    error = fields_of((fields_of(answer) or {}).get("error"))
    if not error:
        return None
    return read_error(error)


_PARAMETERS = frozenset({"model", "temperature", "top_p", "stream", "service_tier"})
CHAT = Api(
    kind=Kind.LLM,
    operation="chat",
    provider="openai",
    contents=frozenset({"messages", "tools", "functions"}),
    parameters=_PARAMETERS
    | {"max_tokens", "max_completion_tokens", "frequency_penalty", "presence_penalty", "seed", "n", "stop"}
    | {"reasoning_effort"},
    further=frozenset({"response_format", "extra_body"}),
    note=note_further,
    describe=describe_chat,
    gather=ChatPieces,
)
RESPONSES = Api(
    kind=Kind.LLM,
    operation="chat",
    provider="openai",
    contents=frozenset({"input", "instructions", "tools"}),
    parameters=_PARAMETERS | {"max_output_tokens", "previous_response_id"},
    further=frozenset({"text", "text_format", "reasoning", "conversation", "extra_body"}),
    note=note_further,
    describe=describe_response,
    gather=ResponsePieces,
    find_error=find_error,
)
EMBEDDINGS = Api(
    kind=Kind.EMBEDDINGS,
    operation="embeddings",
    provider="openai",
    parameters=frozenset({"model", "dimensions", "encoding_format"}),
    note=note_further,
    describe=describe,
    gather=NoPieces,
)
