"""Taking a skeleton from whatever a model call returned."""

from __future__ import annotations

import copy
import json
from enum import Enum
from typing import Any

import pytest
from openai.types import CompletionUsage, CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response
from pydantic import BaseModel, ConfigDict

from foretell.cost.responses import MAX_SKELETONS, add_response, take_response
from tests.unit.cost import bodies


class Strict:
    """An object that must not be asked for anything but what is stored in it."""

    def __init__(self, **fields: Any) -> None:
        object.__getattribute__(self, "__dict__").update(fields)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")

    @property
    def usage_metadata(self) -> Any:
        raise AssertionError("a property was read")


class Modality(str, Enum):
    TEXT = "TEXT"


class ModalityCount(BaseModel):
    modality: Modality
    token_count: int


class UsageMetadata(BaseModel):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    prompt_tokens_details: list[ModalityCount] | None = None


class GenerateContentResponse(BaseModel):
    model_config = ConfigDict(protected_namespaces=())
    candidates: list[Any] | None = None
    model_version: str | None = None
    usage_metadata: UsageMetadata | None = None

    @property
    def text(self) -> str:
        raise AssertionError("a property was read")


def test_an_openai_object_gives_what_its_dict_gives() -> None:
    """The client's objects and plain dicts leave the same counts behind."""
    taken = take_response(ChatCompletion.model_validate(bodies.OPENAI_CHAT))

    assert take_response(bodies.OPENAI_CHAT) == taken


def test_openai_responses_objects_are_read() -> None:
    """The responses API's object is recognised by its own name."""
    taken = take_response(Response.model_construct(**bodies.OPENAI_RESPONSE))

    assert taken is not None
    assert ("responses", 328) == (taken["shape"], taken["usage"]["input_tokens"])


def test_embeddings_tell_their_length() -> None:
    """The first vector's length is taken, not the vector."""
    taken = take_response(CreateEmbeddingResponse.model_validate(bodies.OPENAI_EMBEDDINGS))

    assert {
        "shape": "usage",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
        "model": "text-embedding-3-small",
        "dimensions": 3,
    } == taken


def test_fields_that_the_client_does_not_know_are_taken() -> None:
    """OpenRouter's `cost` is no field of OpenAI's usage class, and yet it is read."""
    taken = take_response(ChatCompletion.model_validate({**bodies.OPENROUTER, "created": 1}))

    assert taken is not None
    assert 0.00095 == taken["usage"]["cost"]


def test_google_objects_with_enums_become_built_ins() -> None:
    """Enums and nested objects are copied as strings and dicts."""
    response = GenerateContentResponse(
        model_version="gemini-2.5-flash",
        usage_metadata=UsageMetadata(
            prompt_token_count=7, prompt_tokens_details=[ModalityCount(modality=Modality.TEXT, token_count=7)]
        ),
    )

    taken = take_response(response)

    assert {
        "shape": "google",
        "usage": {"prompt_token_count": 7, "prompt_tokens_details": [{"modality": "TEXT", "token_count": 7}]},
        "model": "gemini-2.5-flash",
    } == taken
    assert taken is not None
    assert str is type(taken["usage"]["prompt_tokens_details"][0]["modality"])


def test_changing_the_response_afterwards_does_not_change_the_record() -> None:
    """A program may reuse or edit what the client returned."""
    response = ChatCompletion.model_validate(bodies.OPENAI_CHAT)
    taken = take_response(response)
    before = copy.deepcopy(taken)

    assert isinstance(response.usage, CompletionUsage)
    assert response.usage.prompt_tokens_details is not None
    response.usage.prompt_tokens = 1
    response.usage.prompt_tokens_details.cached_tokens = 999
    response.choices.clear()

    assert before == taken


def test_changing_a_dict_afterwards_does_not_change_the_record() -> None:
    """The same for plain dicts, nested lists included."""
    body = copy.deepcopy(bodies.GOOGLE)
    taken = take_response(body)
    before = copy.deepcopy(taken)

    body["usage_metadata"]["prompt_tokens_details"][0]["token_count"] = 0
    body["usage_metadata"].clear()

    assert before == taken


@pytest.mark.parametrize(
    "value",
    [
        None, "text", b"bytes", 7, 0.5, True, [1, 2], ("a",), {1, 2}, object(), Strict(), Strict(usage=None), {},
        {"type": "ping"}, {"choices": ["red", "green"]}, {"usage": "heavy"}, {"data": {"rows": 1}}, {"type": {}},
        {"metadata": {"author": "x"}}, {"meta": []}, {1: 2}, {"candidates": ["Ann", "Bob"]}, int, ValueError("x"),
        {"type": "response.output_text.delta", "delta": "x"}, {"ResponseMetadata": None}, {"total_tokens": 3},
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_response_gives_nothing(value: object) -> None:
    """Other values are no model's answer, even where they share a word with one."""
    assert None is take_response(value)


def test_no_code_of_the_users_runs() -> None:
    """Properties, `__getattr__` and `__getattribute__` of foreign classes are not called."""

    class Nosy(Strict):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(f"asked for {name}")

    assert take_response(bodies.OLLAMA) == take_response(Nosy(**bodies.OLLAMA))


def test_a_property_named_dict_is_not_read() -> None:
    """What hides its fields behind code of its own keeps them."""

    class Hidden:
        __slots__ = ()

        @property
        def __dict__(self) -> Any:  # type: ignore[override]
            raise AssertionError("a property was read")

    assert None is take_response(Hidden())


def test_objects_with_slots_are_read() -> None:
    """A class without `__dict__` keeps its fields in slots; those never set are skipped."""

    class Reply:
        __slots__ = ("eval_count", "model", "prompt_eval_count")

    reply = Reply()
    reply.model = "llama3.2"
    reply.eval_count = 3

    assert {"shape": "ollama", "usage": {"eval_count": 3}, "model": "llama3.2"} == take_response(reply)


def test_dicts_with_a_will_of_their_own_are_read() -> None:
    """A subclass of dict is read as the dict that it is."""

    class Loud(dict):  # type: ignore[type-arg]
        def get(self, *_: Any) -> Any:
            raise AssertionError("asked")

        __getitem__ = __contains__ = __iter__ = keys = items = get  # type: ignore[assignment]

    assert take_response(bodies.OLLAMA) == take_response(Loud(bodies.OLLAMA))


def test_the_record_is_made_of_built_ins() -> None:
    """Whatever is taken can be written as JSON, foreign keys and values left out."""
    taken = take_response({"usage": {"prompt_tokens": 3, ("a", "b"): 4, "odd": object(), "many": [object()]}})

    assert '{"shape": "usage", "usage": {"prompt_tokens": 3, "many": []}}' == json.dumps(taken)


def test_an_endless_object_gives_a_finite_record() -> None:
    """An object that contains itself is followed a few levels down."""
    usage: dict[str, Any] = {"prompt_tokens": 3}
    usage["self"] = usage

    taken = take_response({"usage": usage})

    assert 3000 > len(json.dumps(taken))


def test_a_chunk_of_text_says_nothing() -> None:
    """Of a stream only the first chunk and those with a finish reason or counts are worth keeping."""
    kept = [
        number
        for number, chunk in enumerate(bodies.OPENAI_STREAM)
        if take_response(ChatCompletionChunk.model_validate(chunk)) is not None
    ]

    assert [0, 2, 3] == kept


def test_every_choice_keeps_its_reason() -> None:
    """With several choices the reasons stand under the choices' indexes, in whatever order they come."""
    chunk = bodies.openai_chunk([
        {"index": 1, "delta": {}, "finish_reason": "length"}, {"index": 0, "delta": {}, "finish_reason": "stop"}
    ])  # fmt: skip

    taken = take_response(chunk)

    assert taken is not None
    assert {1: "length", 0: "stop"} == taken["finish"]


def test_a_long_stream_leaves_a_short_list() -> None:
    """Thousands of cumulative chunks keep the last counts without keeping all."""
    skeletons: list[dict[str, Any]] = []
    for count in range(5000):
        add_response(skeletons, {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": count}})
    add_response(skeletons, "no response")

    assert MAX_SKELETONS == len(skeletons)
    assert 4999 == skeletons[-1]["usage"]["candidatesTokenCount"]
