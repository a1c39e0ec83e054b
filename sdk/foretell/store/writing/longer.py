"""Keeps short calls out of the store, where somebody has asked for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foretell.model.call import Call
from foretell.model.kinds import AGENT, EMBEDDINGS, LLM, OK, WORKFLOW

ALWAYS = frozenset((AGENT, WORKFLOW, LLM, EMBEDDINGS))
"""Kinds that are kept however short: they carry the run, its tokens and its cost."""


class OnlyLonger:
    """A store sink (protocol `foretell.model.sink.Sink`) that is not given short calls; failures and roots it is."""

    def __init__(self, sink: Any, least_ns: int) -> None:  # a StoreSink, whose every other method is this one's
        """Pass on calls of at least `least_ns` nanoseconds."""
        self._sink = sink
        self._least_ns = least_ns

    def take(self, calls: Sequence[Call]) -> None:
        """Note finished calls that are long enough, or matter however short."""
        self._sink.take([call for call in calls if self._is_kept(call)])

    def _is_kept(self, call: Call) -> bool:
        took_ns = (call.end_ns or call.start_ns) - call.start_ns
        return took_ns >= self._least_ns or call.kind in ALWAYS or call.outcome is not OK or call.parent_id is None

    def __getattr__(self, name: str) -> Any:  # whatever the sink has
        """Everything else is the sink's own."""
        return getattr(self._sink, name)
