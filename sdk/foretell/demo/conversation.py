"""What a model server and its rules say to each other, in no provider's format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REASONING_MODELS = ("o1", "o3", "o4", "gpt-5")
"""Beginnings of the names of models that think before they answer."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool that the model asks for."""

    name: str
    arguments: Mapping[str, Any]  # JSON
    id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: str
    """`system`, `user`, `assistant` or `tool`."""
    text: str = ""
    tool_uses: tuple[ToolUse, ...] = ()
    """Of the assistant."""
    tool_use_id: str = ""
    """Of a tool's result: which use it answers."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything that a request brings."""

    model: str
    messages: tuple[Message, ...]
    tools: frozenset[str] = frozenset()
    """Names of the tools on offer."""
    is_stream: bool = False
    has_stream_usage: bool = False
    """True where usage comes at the end of a stream."""
    is_embedding: bool = False
    """True where the messages are texts to embed, and nobody decides on a reply."""
    follows: str = ""
    """The id of the exchange that this one goes on from, where the server is to remember it."""
    output_schema: Mapping[str, Any] | None = None
    """The JSON schema of the answer; empty where any JSON will do, None where plain text is asked for."""

    @property
    def task(self) -> str:
        """The first thing the user said."""
        return next((message.text for message in self.messages if message.role == "user"), "")

    def list_results(self) -> list[tuple[ToolUse, str]]:
        """Return each tool use that has a result, with the result's text, in order."""
        uses = {use.id: use for message in self.messages for use in message.tool_uses}
        return [
            (uses[message.tool_use_id], message.text)
            for message in self.messages
            if message.role == "tool" and message.tool_use_id in uses
        ]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the rules decide to answer: text, tools to use, or both."""

    text: str = ""
    tool_uses: tuple[ToolUse, ...] = ()
    status: int = 200
    """An HTTP status of 400 and above fails the request instead."""


@dataclass(frozen=True, slots=True)
class TokenCount:
    """How many tokens a request and its reply are; `cached` and `reasoning` are parts of the sums."""

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what it is answered."""

    conversation: Conversation
    reply: Reply
    tokens: TokenCount
    id: str
    """Depends on the conversation alone."""


class PromptCache:
    """Remembers the turns of conversations, as providers do, so that a later turn finds its beginning cached."""

    def __init__(self, min_tokens: int = 128, max_prefixes: int = 10_000) -> None:
        """Remember up to `max_prefixes` beginnings; shorter ones than `min_tokens` are never cached."""
        self._min_tokens = min_tokens
        self._max_prefixes = max_prefixes
        self._seen: set[str] = set()

    def count(self, conversation: Conversation, reply: Reply) -> TokenCount:
        """Count the tokens of a request and its reply, and note the request's messages for the next turn."""
        # The task stands first, so what is cached does not depend on which conversations run at the same time.
        prefix = hashlib.blake2b(repr((conversation.model, conversation.task, sorted(conversation.tools))).encode())
        total = 3 + 40 * len(conversation.tools)
        cached = 0
        for message in conversation.messages:
            prefix.update(repr(message).encode())
            total += count_message_tokens(message)
            if prefix.hexdigest() in self._seen:
                cached = total
            elif len(self._seen) < self._max_prefixes:
                self._seen.add(prefix.hexdigest())
        answer = count_message_tokens(Message("assistant", reply.text, reply.tool_uses))
        reasoning = 64 if conversation.model.startswith(REASONING_MODELS) else 0
        cached = cached // 64 * 64 if cached >= self._min_tokens else 0
        return TokenCount(input=total, output=answer + reasoning, cached=cached, reasoning=reasoning)


def count_message_tokens(message: Message) -> int:
    """Count a message's tokens about as a tokenizer would: four characters each, and a few for the frame."""
    characters = len(message.text) + sum(len(use.name) + len(str(dict(use.arguments))) for use in message.tool_uses)
    return 4 + -(-characters // 4)
