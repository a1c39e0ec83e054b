"""Milvus: searches in collections, on a server or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.integrations.integration import Integration, Undo, Wiring, openllmetry, own

if TYPE_CHECKING:
    from foretell.integrations.wrapping.retrievals import Search

INTEGRATION = Integration(
    name="milvus",
    title="Milvus",
    distribution="pymilvus",
    module="pymilvus",
    candidates=(
        # OpenLLMetry's puts what was found on exported spans.
        own("foretell.integrations.dependencies.milvus:switch_on", ">=2.4"),
        openllmetry("milvus", "MilvusInstrumentor"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of searches as retrievals."""
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points
    from foretell.integrations.wrapping.retrievals import Retrievals

    searches = Retrievals(wiring, "milvus", _describe, _list_hits)
    return wrap_points(
        (
            WrapPoint("pymilvus", "MilvusClient.search", searches),
            WrapPoint("pymilvus", "AsyncMilvusClient.search", searches, is_needed=False),
        )
    )


def _describe(client: Any, given: dict[str, Any]) -> Search:
    from foretell.integrations.wrapping.retrievals import Search

    asked = given.get("data")
    text = "\n".join(asked) if isinstance(asked, list) and all(isinstance(one, str) for one in asked) else None
    return Search(given["collection_name"], given.get("limit"), text or None)


def _list_hits(result: Any) -> list[Any]:
    """Of all questions, which are asked together."""
    return [dict(hit) for hits in result for hit in hits]
