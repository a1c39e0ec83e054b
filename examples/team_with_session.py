"""Agents that call agents, in a session of a user, with feedback on the result, also when one of them fails."""

from __future__ import annotations

from typing import Any

import foretell


class SourceMissing(LookupError):
    """A source that was asked for is not there."""


@foretell.instrument_llm(provider="openai")
def ask_model(*, model: str, prompt: str) -> dict[str, Any]:
    """Answer as OpenAI's Responses API would; put your own client call here."""
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": model,
        "output": [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": prompt.title()}]}
        ],
        "usage": {
            "input_tokens": 400 + len(prompt),
            "input_tokens_details": {"cached_tokens": 256},
            "output_tokens": 90,
            "output_tokens_details": {"reasoning_tokens": 64},
            "total_tokens": 490 + len(prompt),
        },
    }


@foretell.instrument_tool
def read_source(name: str) -> str:
    """Read one source."""
    if name == "lost.txt":
        raise SourceMissing(f"{name} is not on the shelf")
    return f"{name} says that tests find bugs"


@foretell.instrument_agent(name="researcher")
def research(topic: str) -> list[str]:
    """Gather what the sources say; one that is missing is no reason to give up."""
    notes = []
    for name in ("book.txt", "lost.txt"):
        try:
            notes.append(read_source(name))
        except SourceMissing as error:
            notes.append(f"nothing: {error}")
    ask_model(model="gpt-5-mini", prompt=f"summarise {topic}: {notes}")
    return notes


@foretell.instrument_agent(name="writer")
def write(topic: str, notes: list[str]) -> str:
    """Write a paragraph of the notes."""
    reply = ask_model(model="gpt-5-mini", prompt=f"write about {topic} from {len(notes)} notes")
    return reply["output"][0]["content"][0]["text"]


@foretell.instrument_agent(name="editor")
def edit(topic: str) -> tuple[str, str]:
    """Have a topic researched and written; returns the text and the id of this run."""
    notes = research(topic)
    text = write(topic, notes)
    foretell.score("facts_used", len(notes) / 2, comment="half of the sources were there")
    return text, foretell.current_operation().run_id


if __name__ == "__main__":
    foretell.init("newsroom")
    with foretell.session("issue-7", user_id="maria", edition="morning"):
        article, run_id = edit("testing agents")
    print(article)
    # Feedback comes later, when the reader has seen the result.
    foretell.score("helpful", True, run=run_id)
