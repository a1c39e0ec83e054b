"""How the model server plays the model of every program: it asks for the weather once, then tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from foretell.demo.conversation import Conversation, Reply, ToolUse

CANARY = "Zyxo"
"""Begins the name of every city, and stands nowhere else: what holds it is content."""
# Long enough for the second turn to find its beginning in the provider's cache.
_BEFORE = "I travel a lot, and like to know beforehand what to wear and whether to take an umbrella along. " * 6
FAILING = f"{CANARY}gone"
CITIES = {"plain": f"{CANARY}paris", "stream": f"{CANARY}rome", "async": f"{CANARY}lima", "error": FAILING}
CASES = {case: f"{_BEFORE}What is the weather in {city}?" for case, city in CITIES.items()}
"""Case → what the program is asked. The model fails at its second turn when asked for the last city."""
TOOL = "get_weather"
AGAIN = "again and again"
"""Words after which the model learns nothing, and asks for the tool at every turn."""

_CITY = re.compile(rf"{CANARY}[a-z]+")


def decide_weather(conversation: Conversation) -> Reply:
    """Use the tool where it is on offer and has not answered yet, for each city at once; say what it told otherwise."""
    said = " ".join(message.text for message in conversation.messages)
    city = _find_last(_CITY, said) or "nowhere"
    if "[[ ## " in said:
        return _decide_in_fields(conversation, city)
    # smolagents shows what its tools have told as texts of the user.
    if AGAIN in said or (not conversation.list_results() and f"sunny in {city}" not in said):
        name = next((name for name in conversation.tools if name.endswith(TOOL)), None)
        asked = dict.fromkeys(_CITY.findall(conversation.task)) or [city]
        return (
            Reply(tool_uses=tuple(ToolUse(name, {"city": each}) for each in asked))
            if name
            else _answer(conversation, city)
        )
    if city == FAILING:
        return Reply(status=400)
    if "final_answer" in conversation.tools:
        return Reply(tool_uses=(ToolUse("final_answer", {"answer": _tell(city)}),))
    return _answer(conversation, city)


def _tell(city: str) -> str:
    return f"The weather in {city} is sunny."


def _answer(conversation: Conversation, city: str) -> Reply:
    schema = conversation.output_schema
    return Reply(_tell(city) if schema is None else json.dumps(_fill(schema, city)))


def _fill(schema: Mapping[str, Any], city: str) -> dict[str, Any]:
    """An object that the schema allows: every text is the answer."""
    kinds: dict[str, Any] = {"integer": 21, "number": 21.0, "boolean": True, "array": [], "object": {}}
    return {name: kinds.get(each.get("type"), _tell(city)) for name, each in (schema.get("properties") or {}).items()}


def _decide_in_fields(conversation: Conversation, city: str) -> Reply:
    """DSPy asks for fields in a text, and shows in another what its tools have told."""
    last = conversation.messages[-1].text
    if city == FAILING and "observation_0" in last:
        return Reply(status=400)
    asked = re.findall(r"`\[\[ ## (\w+) ## \]\]`", last)
    told = {
        "next_thought": "I ask for the weather." if "observation_0" not in last else "I know enough.",
        "next_tool_name": TOOL if "observation_0" not in last else "finish",
        "next_tool_args": json.dumps({"city": city} if "observation_0" not in last else {}),
        "reasoning": "The tool told it.",
        "answer": _tell(city),
    }
    return Reply("\n\n".join(f"[[ ## {name} ## ]]\n{told.get(name, '')}" for name in asked))


def _find_last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return found[-1] if found else None
