"""Groq's client without a method that our own instrumentation expects."""

from cases import play
from upgraded import take_out

take_out("groq.resources.chat.completions", "AsyncCompletions.create")

from groq import Groq  # noqa: E402  # it lacks something from its import on


def plain(question):
    messages = [{"role": "user", "content": question}]
    asked = {"model": "llama-3.3-70b-versatile", "messages": messages}
    return Groq().chat.completions.create(**asked).choices[0].message.content


play(plain=plain)
