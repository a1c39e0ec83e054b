"""What programs look up in vector stores is a retrieval: where, how many were wanted, and how many came."""

from __future__ import annotations

import pytest

from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.scene import Scene
from tests.contracts.frameworks.surroundings import STORES
from tests.contracts.frameworks.weather import CANARY

QUESTION = f"What is the weather in {CANARY}paris?"
FOUND = f"{CANARY}paris is sunny."
KINDS = {"chroma": "chroma", "qdrant": "qdrant", "qdrant_async": "qdrant", "milvus": "milvus"}

pytestmark = [pytest.mark.frameworks, pytest.mark.xdist_group("stores")]


@pytest.fixture(scope="module")
def looked_up(tmp_path_factory):
    """The program, with everything that it left."""
    try:
        with Scene(tmp_path_factory.mktemp("stores"), STORES) as scene:
            done = scene.run("stores.py", QUESTION, *KINDS)
            assert (0, 4) == (done.returncode, done.text.count(f"answered {FOUND}\n")), done.text
            yield scene.played
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")


def test_each_search_is_a_retrieval_with_its_store_and_its_counts(looked_up):
    found = [
        (call.kind.value, call.name, call.facts.provider, call.facts.data_source_id, call.facts.top_k, rows_of(call))
        for call in looked_up.calls
    ]

    assert [("retriever", "retrieval weather", store, "weather", 2, 2) for store in KINDS.values()] == found


def rows_of(call):
    return call.attributes["db.response.returned_rows"]


def test_question_and_documents_are_kept_here(looked_up):
    """Of a vector, which tells nobody anything, there is no question."""
    by_text, *by_vector = looked_up.calls

    assert QUESTION in by_text.input_payload.text
    assert [None] * 3 == [call.input_payload for call in by_vector]
    assert [FOUND in call.output_payload.text for call in looked_up.calls] == [True] * 4
