"""Which call asks something outside of the agent, and how that answered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from foretell.model.facts import InferenceFacts, MemoryFacts, RetrievalFacts
from foretell.model.kinds import EMBEDDINGS, ERROR, LLM, MEMORY, RETRIEVER, SPAN, THROTTLED, TIMEOUT, TOOL, Outcome

if TYPE_CHECKING:
    from foretell.model.call import Call

UNKNOWN: Final = "unknown"

_TIMEOUTS = ("timeout", "timedout", "deadlineexceeded")
_TIMEOUT_CODES = frozenset({"408", "504"})
_THROTTLES = ("ratelimit", "toomanyrequests", "throttl", "resourceexhausted")
_THROTTLE_CODES = frozenset({"429"})
_BREAKS = (
    "connectionerror", "connecterror", "connectionreset", "connectionrefused", "connectionaborted", "connectionclosed",
    "brokenpipe", "serverdisconnected", "remoteprotocolerror", "readerror", "writeerror", "gaierror", "connectorerror",
    "nameresolution", "maxretryerror", "incompleteread", "remotedisconnected", "chunkedencodingerror",
)  # fmt: skip


def name_model(facts: InferenceFacts) -> str:
    """Return the model as it was asked for; what answered may carry a date, and would be one series per release."""
    return facts.request_model or facts.response_model or UNKNOWN


def name_dependency(call: Call) -> str | None:
    """Return what outside of the agent was asked; None where nothing was.

    Of a client's request that is no more than a span the server, since each of its tries has a span of its own.
    """
    if call.kind is SPAN:
        return _find_server(call.attributes) if call.span_kind == "client" and call.attributes else None
    facts = call.facts
    if isinstance(facts, InferenceFacts):
        return facts.provider or facts.server_address or UNKNOWN
    if isinstance(facts, (RetrievalFacts, MemoryFacts)) and facts.provider:
        return facts.provider
    if call.kind in (LLM, EMBEDDINGS):
        return UNKNOWN
    return call.name if call.kind in (TOOL, RETRIEVER, MEMORY) else None


def _find_server(attributes: Mapping[str, Any]) -> str | None:
    """By the conventions' name, or by those of before 2024, which instrumentors still have by default."""
    for name in ("server.address", "net.peer.name"):
        if isinstance(address := attributes.get(name), str):
            return address
    url = attributes.get("http.url")
    try:
        return urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        return None


def judge_dependency(call: Call) -> Outcome:
    """Return the outcome as seen from outside: a failure may be a time-out or a refusal for rate."""
    if call.outcome is not ERROR or call.error is None:
        return call.outcome
    return _judge_error(call.error.type)


def is_no_answer(call: Call) -> bool:
    """True where nothing, or nothing but a refusal for rate, came back: a time-out, a broken connection, a 429."""
    if call.error is None:
        return call.outcome in (TIMEOUT, THROTTLED)
    return judge_dependency(call) in (TIMEOUT, THROTTLED) or is_broken(call.error.type)


@lru_cache(maxsize=1024)
def is_broken(error_type: str) -> bool:
    """True for an error that means that the connection could not be made or was lost."""
    error = _bare(error_type)
    return any(word in error for word in _BREAKS)


@lru_cache(maxsize=1024)
def _judge_error(error_type: str) -> Outcome:
    error = _bare(error_type)
    if error in _TIMEOUT_CODES or any(word in error for word in _TIMEOUTS):
        return TIMEOUT
    if error in _THROTTLE_CODES or any(word in error for word in _THROTTLES):
        return THROTTLED
    return ERROR


def _bare(error_type: str) -> str:
    """The last name of a dotted one, as letters and digits."""
    return error_type.rpartition(".")[2].lower().replace("_", "")
