"""Qdrant: searches in collections, on a server or in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.integrations.integration import Integration, Undo, Wiring, openllmetry, own

if TYPE_CHECKING:
    from foretell.integrations.wrapping.retrievals import Search

INTEGRATION = Integration(
    name="qdrant",
    title="Qdrant",
    distribution="qdrant-client",
    module="qdrant_client",
    candidates=(
        # OpenLLMetry's tells of searches as of any other statement, without documents.
        own("foretell.integrations.dependencies.qdrant:switch_on", ">=1.10"),
        openllmetry("qdrant", "QdrantInstrumentor"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of queries as retrievals."""
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points
    from foretell.integrations.wrapping.retrievals import Retrievals

    searches = Retrievals(wiring, "qdrant", _describe, _list_points)
    return wrap_points(
        WrapPoint(module, f"{kind}QdrantClient.{method}", searches, is_needed=method == "query_points")
        for module, kind in (("qdrant_client.qdrant_client", ""), ("qdrant_client.async_qdrant_client", "Async"))
        for method in ("query_points", "search")
    )


def _describe(client: Any, given: dict[str, Any]) -> Search:
    from foretell.integrations.wrapping.retrievals import Search

    question = given.get("query")
    text = question if isinstance(question, str) else getattr(question, "text", None)
    return Search(given["collection_name"], given.get("limit"), text if isinstance(text, str) else None)


def _list_points(result: Any) -> list[Any]:
    """Of each its id, score and payload; vectors tell nobody anything."""
    points = getattr(result, "points", result)
    return [{"id": point.id, "score": point.score, "payload": point.payload} for point in points]
