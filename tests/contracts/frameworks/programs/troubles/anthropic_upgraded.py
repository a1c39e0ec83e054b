"""Anthropic's client without a method that its instrumentor, which is somebody else's, expects."""

from cases import play
from upgraded import take_out

take_out("anthropic.resources.messages", "AsyncMessages.create")

from anthropic import Anthropic  # noqa: E402  # it lacks something from its import on


def plain(question):
    asked = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": question}]}
    return Anthropic().messages.create(**asked).content[0].text


play(plain=plain)
