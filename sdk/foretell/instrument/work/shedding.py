"""What gives way when the queue is full: the newest call's contents while it has any, else the call itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.cost.responses import add_response
from foretell.instrument.operation import CALL_BYTES, Operation
from foretell.model.kinds import EMBEDDINGS, LLM
from foretell.model.payload import value_of

if TYPE_CHECKING:
    from foretell.model.call import Call

QUEUE_FULL = (
    "More ends than can be worked off: the newest calls are kept without their contents, or not at all where they are "
    "too many (queue_max_items, queue_max_bytes)."
)


def shed_contents(call: Call) -> int:
    """Take the contents off a call that waits, all but its tokens; tells how many bytes that frees, 0 where it has none."""
    if not isinstance(call, Operation) or call.size_bytes <= CALL_BYTES:
        return 0
    freed = call.size_bytes - CALL_BYTES
    if call.output is not None and call.kind in (LLM, EMBEDDINGS):
        call.response = list(call.response or ())
        add_response(call.response, value_of(call.output))
    call.input = call.output = None
    call.size_bytes = CALL_BYTES
    return freed
