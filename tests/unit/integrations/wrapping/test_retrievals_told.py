"""A search in a store is told with what it asked for and what came, as far as may be kept."""

from __future__ import annotations

import pytest
from opentelemetry.trace import StatusCode

from foretell.integrations.wrapping.points import WrapPoint, wrap_points
from foretell.integrations.wrapping.retrievals import Retrievals, Search
from tests.unit.instrument.conftest import record as record
from tests.unit.integrations.dependencies.world import World

FACTS = {
    "gen_ai.operation.name": "retrieval",
    "gen_ai.provider.name": "acme",
    "gen_ai.data_source.id": "books",
    "gen_ai.retrieval.top_k": 5,
}


class Books:
    """A store's collection."""

    def search(self, text, top_k=5):
        if text == "nothing":
            raise LookupError("no such book")
        return {"found": ["a", "b"]}

    async def search_async(self, text, top_k=5):
        return {"found": ["a", "b"]}


@pytest.fixture
def switch(record):
    """Switches the wrapper on, in a world that it returns."""
    undos = []

    def on(describe=lambda books, given: Search("books", given["top_k"], given["text"]), **about):
        world = World(**about)
        searches = Retrievals(world.wiring, "acme", describe, lambda result: result["found"])
        points = [WrapPoint(__name__, f"Books.{name}", searches) for name in ("search", "search_async")]
        undos.append(wrap_points(points))
        return world

    yield on
    for undo in undos:
        undo()


async def test_question_and_documents_are_told(switch):
    world = switch()
    assert {"found": ["a", "b"]} == Books().search("what") == await Books().search_async(text="what")

    contents = {"gen_ai.retrieval.query.text": "what", "gen_ai.retrieval.documents": '["a","b"]'}
    assert [("retrieval books", {**FACTS, **contents, "db.response.returned_rows": 2})] * 2 == [
        (span.name, dict(span.attributes)) for span in world.told()
    ]


def test_without_contents_only_counts_are_told(switch):
    world = switch(has_content=False)
    Books().search("what")

    assert [{**FACTS, "db.response.returned_rows": 2}] == [dict(span.attributes) for span in world.told()]


def test_a_search_that_fails_is_told_and_fails(switch):
    world = switch()
    with pytest.raises(LookupError):
        Books().search("nothing")

    assert [StatusCode.ERROR] == [span.status.status_code for span in world.told()]


def test_what_cannot_be_described_is_done_all_the_same(switch):
    world = switch(lambda books, given: Search(given["no such argument"]))

    assert {"found": ["a", "b"]} == Books().search("what")
    assert [] == world.told()
