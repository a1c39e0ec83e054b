"""Labels of metrics: which attributes a call's series carry, and the bounds that keep their number small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from foretell.model.facts import InferenceFacts, MemoryFacts, RetrievalFacts
from foretell.model.kinds import Kind, Outcome
from foretell.semconv import genai

if TYPE_CHECKING:
    from foretell.export.metrics.points import Attributes, AttributeValue
    from foretell.model.call import Call

NAME_LIMIT: Final = 50
"""Names of one kind (sources, targets, dependencies, scores) that are told apart; the others are `OTHER`."""
OTHER: Final = "other"
ENTRY: Final = "entry"
"""Source of a call that no agent made: the program itself."""
UNKNOWN: Final = "unknown"
OPENAI_PROVIDERS: Final = frozenset({"openai", "azure.ai.openai"})

_TIMEOUTS = ("timeout", "timedout", "deadlineexceeded")
_TIMEOUT_CODES = frozenset({"408", "504"})
_THROTTLES = ("ratelimit", "toomanyrequests", "throttl", "resourceexhausted")
_THROTTLE_CODES = frozenset({"429"})


class BoundedNames:
    """Lets the first names pass and calls every later one `other`."""

    __slots__ = ("_limit", "_seen")

    def __init__(self, limit: int = NAME_LIMIT) -> None:
        """Let `limit` names pass."""
        self._limit = limit
        self._seen: set[str] = set()

    def bound(self, name: str) -> str:
        """Return the name, or `other` when there are too many."""
        if name in self._seen:
            return name
        if len(self._seen) >= self._limit:
            return OTHER
        self._seen.add(name)
        return name


def join_labels(*labels: tuple[str, AttributeValue | None]) -> Attributes:
    """Return those labels that are known."""
    return tuple((name, value) for name, value in labels if value is not None)


def label_inference(facts: InferenceFacts, provider: str | None) -> Attributes:
    """Return the labels that every metric of a model call shares."""
    address = facts.server_address
    is_openai = provider in OPENAI_PROVIDERS
    return join_labels(
        (genai.OPERATION, facts.operation),
        (genai.PROVIDER, provider),
        (genai.REQUEST_MODEL, facts.request_model),
        (genai.RESPONSE_MODEL, facts.response_model),
        (genai.SERVER_ADDRESS, address),
        (genai.SERVER_PORT, None if address is None else facts.server_port),
        (genai.OPENAI_RESPONSE_SERVICE_TIER, facts.service_tier if is_openai else None),
        (genai.OPENAI_SYSTEM_FINGERPRINT, facts.system_fingerprint if is_openai else None),
    )


def label_client(call: Call) -> Attributes:
    """Return the labels of a client's operation that is no inference: embeddings, retrieval, memory."""
    facts = call.facts
    if isinstance(facts, InferenceFacts):
        return label_inference(facts, facts.provider)
    if isinstance(facts, MemoryFacts):
        return join_labels((genai.OPERATION, facts.operation), (genai.PROVIDER, facts.provider))
    provider = facts.provider if isinstance(facts, RetrievalFacts) else None
    operation = {Kind.RETRIEVER: "retrieval", Kind.EMBEDDINGS: "embeddings"}.get(call.kind, "search_memory")
    return join_labels((genai.OPERATION, operation), (genai.PROVIDER, provider))


def label_error(call: Call) -> Attributes:
    """Return why the call failed; nothing if it did not."""
    return ((genai.ERROR_TYPE, call.error.type),) if call.error is not None else ()


def name_model(facts: InferenceFacts) -> str:
    """Return the model as it was asked for; what answered may carry a date, and would be one series per release."""
    return facts.request_model or facts.response_model or UNKNOWN


def name_source(call: Call) -> str:
    """Return who made the call."""
    if call.kind is not Kind.AGENT:
        return call.agent_name or ENTRY
    return (call.agent.agent_name if call.agent is not None else None) or ENTRY


def name_target(call: Call) -> str:
    """Return what was called: the model of an inference, else the call's own name."""
    return name_model(call.facts) if isinstance(call.facts, InferenceFacts) else call.name


def name_dependency(call: Call) -> str | None:
    """Return what outside of the agent was asked; None where nothing was."""
    facts = call.facts
    if isinstance(facts, InferenceFacts):
        return facts.provider or facts.server_address or UNKNOWN
    if isinstance(facts, (RetrievalFacts, MemoryFacts)) and facts.provider:
        return facts.provider
    if call.kind in (Kind.LLM, Kind.EMBEDDINGS):
        return UNKNOWN
    return call.name if call.kind in (Kind.TOOL, Kind.RETRIEVER, Kind.MEMORY) else None


def judge_dependency(call: Call) -> Outcome:
    """Return the outcome as seen from outside: a failure may be a time-out or a refusal for rate."""
    if call.outcome is not Outcome.ERROR or call.error is None:
        return call.outcome
    error = call.error.type.rpartition(".")[2].lower().replace("_", "")
    if error in _TIMEOUT_CODES or any(word in error for word in _TIMEOUTS):
        return Outcome.TIMEOUT
    if error in _THROTTLE_CODES or any(word in error for word in _THROTTLES):
        return Outcome.THROTTLED
    return Outcome.ERROR
