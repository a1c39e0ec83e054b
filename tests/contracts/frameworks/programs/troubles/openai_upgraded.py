"""OpenAI's client without a method that our own instrumentation expects."""

from cases import play
from upgraded import take_out

take_out("openai.resources.embeddings", "AsyncEmbeddings.create")

from openai import OpenAI  # noqa: E402  # it lacks something from its import on


def plain(question):
    messages = [{"role": "user", "content": question}]
    return OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content


play(plain=plain)
