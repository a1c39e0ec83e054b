"""Tells of searches in vector stores, by spans: which collection, how many were wanted, and how many came."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from foretell.errors import FAULTS
from foretell.integrations.wrapping.contents import write_content
from foretell.integrations.wrapping.inside import call_inside
from foretell.integrations.wrapping.model_calls import SCOPE
from foretell.semconv import genai

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from foretell.integrations.integration import Wiring

FOUND = "db.response.returned_rows"
"""How many documents came back."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for."""

    collection: str
    top_k: int | None = None
    text: str | None = None
    """The question, where it is one; numbers of a vector tell nobody anything."""


Describe = Callable[[Any, dict[str, Any]], Search]
"""Finds out, from the client or collection and the arguments by their names; may raise where it cannot."""
Documents = Callable[[Any], list[Any]]
"""The documents in what a search has returned."""


class Retrievals:
    """Wraps the methods of one store that search."""

    def __init__(self, wiring: Wiring, store: str, describe: Describe, documents: Documents) -> None:
        """Tell of searches in `store`."""
        self._tracer = wiring.tracer_provider.get_tracer(SCOPE)
        self._has_content = wiring.has_content
        self._store = store
        self._describe = describe
        self._documents = documents

    def __call__(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Search inside a span."""
        span = self._open(wrapped, instance, args, kwargs)
        if span is None:
            return wrapped(*args, **kwargs)
        return call_inside(span, wrapped, args, kwargs, self._keep)

    def _open(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span | None:
        try:
            given = inspect.signature(wrapped).bind(*args, **kwargs)
            given.apply_defaults()
            search = self._describe(instance, given.arguments)
            about: dict[str, Any] = {
                genai.OPERATION: "retrieval",
                genai.PROVIDER: self._store,
                genai.DATA_SOURCE_ID: search.collection,
                genai.RETRIEVAL_TOP_K: search.top_k,
                genai.RETRIEVAL_QUERY: search.text if self._has_content else None,
            }
            told = {name: value for name, value in about.items() if value is not None}
            return self._tracer.start_span(f"retrieval {search.collection}", kind=SpanKind.CLIENT, attributes=told)
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    def _keep(self, span: Span, result: Any) -> None:
        try:
            documents = self._documents(result)
            span.set_attribute(FOUND, len(documents))
            if self._has_content:
                span.set_attribute(genai.RETRIEVAL_DOCUMENTS, write_content(documents))
        except Exception as error:
            FAULTS.note("integrations.finish", error)
