"""Makes a JSON-like value fit under a cap, and still be JSON of the same shape."""

from __future__ import annotations

from typing import Any

from foretell.privacy.text import write_json

# Characters of a text, items of a container, depth: tried in turn until the document fits.
_STEPS = (
    (0.75, 2000, 40), (0.4, 500, 30), (0.2, 200, 20), (0.1, 100, 15), (0.05, 50, 12), (0.02, 25, 10), (0.01, 12, 8),
    (0.005, 6, 6), (0.002, 4, 4), (0.001, 3, 3),
)  # fmt: skip


def shorten(value: Any, limit_bytes: int) -> bytes:  # Any: JSON-like
    """Return JSON of at most `limit_bytes`: long texts are cut, of long lists the beginning and the end stay."""
    for share, items, depth in _STEPS:
        document = write_json(_cut(value, max(int(share * limit_bytes), 24), items, depth))
        if len(document) <= limit_bytes:
            return document
    document = write_json(f"… ({type(value).__name__})")
    return document if len(document) <= limit_bytes else b"null"


def _cut(value: Any, length: int, items: int, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return value if len(value) <= length else f"{value[:length]}… (+{len(value) - length} characters)"
    if kind is dict:
        return _cut_mapping(value, length, items, depth)
    if kind is list or kind is tuple:
        return _cut_list(value, length, items, depth)
    return value if kind is not bytes else _cut(value[: 4 * length].decode("utf-8", "replace"), length, items, depth)


def _cut_mapping(mapping: dict[Any, Any], length: int, items: int, depth: int) -> Any:
    if depth == 0:
        return f"… (+{len(mapping)} items)" if mapping else {}
    cut: dict[str, Any] = {}
    for index, (key, item) in enumerate(mapping.items()):
        if index == items:
            cut["…"] = f"(+{len(mapping) - items} items)"
            break
        cut[_cut(str(key), length, items, depth)] = _cut(item, length, items, depth - 1)
    return cut


def _cut_list(values: list[Any] | tuple[Any, ...], length: int, items: int, depth: int) -> Any:
    if depth == 0:
        return f"… (+{len(values)} items)" if values else []
    if len(values) <= items:
        return [_cut(item, length, items, depth - 1) for item in values]
    # The last messages of a conversation matter as much as the first.
    tail = items // 2
    head = items - tail
    return [
        *(_cut(item, length, items, depth - 1) for item in values[:head]),
        f"… (+{len(values) - items} items)",
        *(_cut(item, length, items, depth - 1) for item in values[len(values) - tail :]),
    ]
