"""Groq's chat completions: OpenAI's, but for the place where a stream counts its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretell.demo.conversation import Exchange
from foretell.demo.wires.openai_chat import OpenAIChat, write_usage
from foretell.demo.wires.wire import Body


class GroqChat(OpenAIChat):
    """OpenAI's chat completions as Groq has them."""

    name = "groq"
    path = r"/openai/v1/chat/completions"

    def _tells_unasked(self, body: Mapping[str, Any]) -> bool:
        return True

    def _write_last(self, exchange: Exchange) -> Body:
        return {"x_groq": {"id": f"req_{exchange.id}", "usage": write_usage(exchange.tokens)}}
