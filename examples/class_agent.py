"""A class as agent: its entry method is the agent, and with `trace_all=True` its other public methods are steps."""

from __future__ import annotations

from typing import Any

import foretell

DOCUMENTS = {
    "refunds.md": "Refunds are possible within 30 days of delivery.",
    "shipping.md": "Parcels leave the warehouse on the next working day.",
    "hours.md": "The desk is open from 8 to 20 o'clock.",
}


@foretell.instrument_agent(name="librarian", version="2.0", trace_all=True)
class Librarian:
    """Answers questions out of a handful of documents."""

    def run(self, question: str) -> str:
        """Answer a question: this is the agent's entry."""
        found = self.search(question)
        ranked = self.rank(question, found)
        return self.answer(question, ranked)

    @foretell.instrument_retriever
    def search(self, question: str) -> list[dict[str, str]]:
        """Find documents that share a word with the question."""
        words = {word.strip("?").lower() for word in question.split()}
        return [
            {"id": name, "content": text}
            for name, text in DOCUMENTS.items()
            if words & {word.strip(".").lower() for word in text.split()}
        ]

    def rank(self, question: str, found: list[dict[str, str]]) -> list[dict[str, str]]:
        """Put the document with most of the question's words first: a step."""
        words = set(question.lower().strip("?").split())
        return sorted(found, key=lambda document: -len(words & set(document["content"].lower().split())))

    def answer(self, question: str, documents: list[dict[str, str]]) -> str:
        """Have the model put it into words: a step, with a model call inside."""
        reply = self._ask(model="claude-sonnet-4-5", prompt=f"{documents}\n\n{question}")
        return reply["content"][0]["text"]

    @foretell.instrument_llm(provider="anthropic")
    def _ask(self, *, model: str, prompt: str) -> dict[str, Any]:
        """Answer as Anthropic's API would; put your own client call here."""
        return {
            "id": "msg_01",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": "You have 30 days from delivery."}],
            "stop_reason": "end_turn",
            "usage": {
                "input_tokens": 20,
                "cache_read_input_tokens": 1024,
                "cache_creation_input_tokens": 0,
                "output_tokens": 12 + len(prompt) // 100,
            },
        }


if __name__ == "__main__":
    foretell.init("library")
    print(Librarian().run("How long are refunds possible after delivery?"))
