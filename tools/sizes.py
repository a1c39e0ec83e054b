"""Refuses functions, files, classes and rooms that have grown past what one reads at a glance."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
MAX_FUNCTION_LINES = 45
MAX_FILE_LINES = 400
MAX_PUBLIC_METHODS = 12
MAX_ROOM_FILES = 12
ROOMS_BY_NATURE_LARGE = {"sdk/foretell/cli", "sdk/foretell/integrations/frameworks"}
"""One file for each command or framework."""

Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def find_oversized(root: Path) -> Iterator[str]:
    """Yield one line for each room, function, class and file of our source that is too large."""
    yield from _find_large_rooms(root)
    for folder in ("sdk", "dashboards", "tools", "bench", "examples"):
        for path in sorted((root / folder).rglob("*.py")):
            yield from _in_file(path.read_text(encoding="utf-8"), str(path.relative_to(root)))


def _find_large_rooms(root: Path) -> Iterator[str]:
    """Count what stands in a room itself; `__init__.py` is its door."""
    rooms = Counter(path.parent.relative_to(root).as_posix() for path in (root / "sdk").rglob("[!_]*.py"))
    for room, files in sorted(rooms.items()):
        if files > MAX_ROOM_FILES and room not in ROOMS_BY_NATURE_LARGE:
            yield f"{room}: {files} files, at most {MAX_ROOM_FILES}"


def _in_file(text: str, name: str) -> Iterator[str]:
    lines = len(text.splitlines())
    if lines > MAX_FILE_LINES:
        yield f"{name}: {lines} lines, at most {MAX_FILE_LINES}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            yield from _in_function(node, name)
        elif isinstance(node, ast.ClassDef):
            yield from _in_class(node, name)


def _in_function(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[str]:
    """Count from `def` to the last line; decorators and nested functions are part of what one reads."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines > MAX_FUNCTION_LINES:
        yield f"{name}:{node.lineno}: {node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"


def _in_class(node: ast.ClassDef, name: str) -> Iterator[str]:
    """Count methods one may call; overloads are one, and properties read as values."""
    public = {
        item.name
        for item in node.body
        if isinstance(item, Function) and not item.name.startswith("_") and not _is_property(item)
    }
    if len(public) > MAX_PUBLIC_METHODS:
        yield f"{name}:{node.lineno}: {node.name} has {len(public)} public methods, at most {MAX_PUBLIC_METHODS}"


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {getattr(item, "id", getattr(item, "attr", "")) for item in node.decorator_list}
    return bool(names & {"property", "cached_property", "setter"})


def main() -> int:
    """Print what is too large; 1 where anything is."""
    found = list(find_oversized(ROOT))
    print("\n".join(found) or "sizes: all small enough")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
