"""Chroma: searches in collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.integrations.integration import Integration, Undo, Wiring, openllmetry, own

if TYPE_CHECKING:
    from foretell.integrations.wrapping.retrievals import Search

INTEGRATION = Integration(
    name="chroma",
    title="Chroma",
    distribution="chromadb",
    module="chromadb",
    also=("chromadb-client",),
    candidates=(
        # OpenLLMetry's tells of searches as of any other statement, with neither collection nor documents.
        own("foretell.integrations.dependencies.chroma:switch_on", ">=0.5"),
        openllmetry("chromadb", "ChromaInstrumentor"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of queries as retrievals."""
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points
    from foretell.integrations.wrapping.retrievals import Retrievals

    searches = Retrievals(wiring, "chroma", _describe, _list_documents)
    package = "chromadb.api.models"
    return wrap_points(
        (
            WrapPoint(f"{package}.Collection", "Collection.query", searches),
            WrapPoint(f"{package}.AsyncCollection", "AsyncCollection.query", searches),
        )
    )


def _describe(collection: Any, given: dict[str, Any]) -> Search:
    from foretell.integrations.wrapping.retrievals import Search

    texts = given.get("query_texts")
    text = texts if isinstance(texts, str) or texts is None else "\n".join(texts)
    return Search(collection.name, given.get("n_results"), text)


def _list_documents(result: Any) -> list[Any]:
    """Of all questions, which are asked together: ids, and what else was wanted of each."""
    fields = [name for name in ("documents", "metadatas", "distances") if result.get(name) is not None]
    return [
        {"id": id, **{name.removesuffix("s"): result[name][asked][found] for name in fields}}
        for asked, ids in enumerate(result["ids"])
        for found, id in enumerate(ids)
    ]
