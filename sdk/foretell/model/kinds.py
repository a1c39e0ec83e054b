"""What a recorded call can be, and how it can end."""

from __future__ import annotations

from enum import Enum


class Kind(str, Enum):
    """What an operation is; it decides the span's name, its kind and which metrics it feeds."""

    AGENT = "agent"
    WORKFLOW = "workflow"
    LLM = "llm"
    EMBEDDINGS = "embeddings"
    TOOL = "tool"
    RETRIEVER = "retriever"
    MEMORY = "memory"
    PLAN = "plan"
    STEP = "step"
    SPAN = "span"
    """Any other span of somebody else's instrumentation: kept and shown, never counted as a call."""


class Outcome(str, Enum):
    """How a run or a call ended."""

    OPEN = "open"
    OK = "ok"
    ERROR = "error"
    CANCELLED = "cancelled"
    HALTED = "halted"
    ABORTED = "aborted"
    """The process was killed while the call was open."""
    TIMEOUT = "timeout"
    """Of a dependency only: no answer in time."""
    THROTTLED = "throttled"
    """Of a dependency only: refused for rate (429)."""
