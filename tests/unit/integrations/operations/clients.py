"""A client as OpenAI's is: resources with methods, answers with fields, streams over HTTP."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from wrapt import FunctionWrapper

from foretell.integrations.operations.api import Api
from foretell.integrations.operations.calls import OperationCalls
from foretell.integrations.operations.openai_requests import CHAT

USAGE = {"prompt_tokens": 7, "completion_tokens": 3}
ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Sunny."}}],
    "usage": USAGE,
}
ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Weather?"}]}


def chunk(text: str | None = None, *, reason: str | None = None, **delta: Any) -> dict[str, Any]:
    """A piece of a chat's stream."""
    content = {"content": text} if text is not None else {}
    return {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {**content, **delta}, "finish_reason": reason}]}


class Stream:
    """Pieces; one that is an exception is raised."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = list(pieces)
        self.response = SimpleNamespace(close=lambda: "closed", is_closed=False)

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if not self.pieces:
            raise StopIteration
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece


def make_client(wiring: Any, answer: Any, api: Api = CHAT) -> Any:
    """A client whose methods give `answer`: an exception is raised, and a function is asked. `client.calls` tells of them."""

    def ask(kwargs: dict[str, Any]) -> Any:
        found = answer(kwargs) if callable(answer) else answer
        if isinstance(found, BaseException):
            raise found
        return found

    class Completions:
        _client = SimpleNamespace(base_url=SimpleNamespace(host="model.test", port=8443))

        def create(self, **kwargs: Any) -> Any:
            return ask(kwargs)

        async def create_later(self, **kwargs: Any) -> Any:
            return ask(kwargs)

    calls = OperationCalls(wiring, api)
    Completions.create = FunctionWrapper(Completions.create, calls.around)  # type: ignore[method-assign]
    Completions.create_later = FunctionWrapper(Completions.create_later, calls.around_later)  # type: ignore[method-assign]
    client: Any = Completions()
    client.calls = calls
    return client
