"""What gives way when the queue is full: the newest call's contents where bytes are short, else the call itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.cost.responses import add_response
from foretell.model.kinds import Kind

if TYPE_CHECKING:
    from foretell.model.call import Call

QUEUE_FULL = (
    "More ends than can be worked off: the newest calls are kept without their contents, or not at all where they are "
    "too many (queue_max_items, queue_max_bytes)."
)


def shed_contents(call: Call) -> int:
    """Take the contents off a call that waits, all but its tokens; tells how many bytes that frees."""
    waiting: Any = call
    size: int = getattr(waiting, "size_bytes", 0)
    if size:
        output = waiting.output
        if output is not None and call.kind in (Kind.LLM, Kind.EMBEDDINGS):
            call.response = list(call.response or ())
            add_response(call.response, output.value)
        call.input = call.output = None
        waiting.size_bytes = 0
    return size
