"""agentops: its decorators, with its own batch processor, exporting to the endpoint that it is given."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from bench.variants.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable


def start(endpoint: str, directory: str) -> Recorder:
    """With content, as it is by default."""
    os.chdir(directory)  # it writes a log where it stands
    import agentops
    from agentops.sdk.decorators import agent, operation, tool
    from opentelemetry import trace

    agentops.init(
        api_key="00000000-0000-4000-8000-000000000000",
        endpoint=endpoint,
        exporter_endpoint=f"{endpoint}/v1/traces",
        auto_start_session=False,
        instrument_llm_calls=False,
        log_session_replay_url=False,
    )
    provider: Any = trace.get_tracer_provider()
    decorators: dict[str, Any] = {"agent": agent, "llm": operation, "tool": tool}

    def wrap(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
        recorded: Callable[..., Any] = decorators[kind](name=func.__name__)(func)
        return recorded

    return Recorder(wrap, provider.force_flush, provider.shutdown)
