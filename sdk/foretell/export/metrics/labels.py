"""Labels of metrics: which attributes a call's series carry, and the bounds that keep their number small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from foretell.model.dependency import name_model
from foretell.model.facts import InferenceFacts, MemoryFacts, RetrievalFacts
from foretell.model.kinds import AGENT, EMBEDDINGS, RETRIEVER
from foretell.semconv import genai

if TYPE_CHECKING:
    from foretell.export.metrics.points import Attributes, AttributeValue
    from foretell.model.call import Call

NAME_LIMIT: Final = 50
"""Names of one kind (sources, targets, dependencies, scores) that are told apart; the others are `OTHER`."""
OTHER: Final = "other"
ENTRY: Final = "entry"
"""Source of a call that no agent made: the program itself."""
OPENAI_PROVIDERS: Final = frozenset({"openai", "azure.ai.openai"})


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
    operation = {RETRIEVER: "retrieval", EMBEDDINGS: "embeddings"}.get(call.kind, "search_memory")
    return join_labels((genai.OPERATION, operation), (genai.PROVIDER, provider))


def label_error(call: Call) -> Attributes:
    """Return why the call failed; nothing if it did not."""
    return ((genai.ERROR_TYPE, call.error.type),) if call.error is not None else ()


def name_source(call: Call) -> str:
    """Return who made the call."""
    if call.kind is not AGENT:
        return call.agent_name or ENTRY
    return (call.agent.agent_name if call.agent is not None else None) or ENTRY


def name_target(call: Call) -> str:
    """Return what was called: the model of an inference, else the call's own name."""
    return name_model(call.facts) if isinstance(call.facts, InferenceFacts) else call.name
