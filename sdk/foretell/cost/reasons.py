"""Why an answer ended, where its provider says so in other words than a chat completion's."""

from __future__ import annotations

from foretell.cost.fields import MAX_ITEMS, fields_of

_CALLS = frozenset({"function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call"})
"""Items of OpenAI's responses that the program is to answer."""
_GOING_ON = frozenset({"in_progress", "queued"})


def reason_of(status: str | None, output: object) -> str | None:
    """Return a chat completion's word for why one of OpenAI's responses ended; None where it has not."""
    if status != "completed":
        return None if status in _GOING_ON else status
    items = output[:MAX_ITEMS] if type(output) is list else ()
    return "tool_calls" if any((fields_of(item) or {}).get("type") in _CALLS for item in items) else "stop"
