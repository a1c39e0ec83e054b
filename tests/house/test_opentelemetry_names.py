"""We touch no private name of OpenTelemetry: those break silently at its next release."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import list_modules

ALLOWED = {
    # The logs API is stable in behaviour and documented, but still carries the underscore in its package names.
    "opentelemetry._logs",
    "opentelemetry.sdk._logs",
    "opentelemetry.sdk._logs.export",
}


def list_names(tree: ast.Module) -> Iterator[str]:
    """Yield every dotted opentelemetry name in a module: imported, or reached through something imported."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                known[item.asname or item.name.partition(".")[0]] = (
                    item.name if item.asname else item.name.partition(".")[0]
                )
                yield item.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for item in node.names:
                known[item.asname or item.name] = f"{node.module}.{item.name}"
                yield f"{node.module}.{item.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (dotted := _join(node)):
            first, _, rest = dotted.partition(".")
            if first in known:
                yield f"{known[first]}.{rest}"


def _join(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (stem := _join(node.value)):
        return f"{stem}.{node.attr}"
    return ""


def find_private(tree: ast.Module) -> set[str]:
    """The opentelemetry names in a module that have an underscored part and are not allowed."""
    found = set()
    for name in list_names(tree):
        if name.partition(".")[0] != "opentelemetry":
            continue
        stem = max((allowed for allowed in ALLOWED if f"{name}.".startswith(f"{allowed}.")), key=len, default="")
        if any(part.startswith("_") and not part.endswith("__") for part in name[len(stem) :].split(".")):
            found.add(name)
    return found


@pytest.mark.parametrize("module", [pytest.param(tree, id=name) for name, tree in list_modules()])
def test_no_private_name_of_opentelemetry_is_touched(module: ast.Module) -> None:
    """Only public names, and the documented logs packages."""
    assert set() == find_private(module)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from opentelemetry.sdk.trace import _Span", {"opentelemetry.sdk.trace._Span"}),
        ("from opentelemetry.util._once import Once", {"opentelemetry.util._once.Once"}),
        ("from opentelemetry import trace\ntrace._TRACER_PROVIDER", {"opentelemetry.trace._TRACER_PROVIDER"}),
        (
            "import opentelemetry.trace as t\nt.span._x.y",
            {"opentelemetry.trace.span._x", "opentelemetry.trace.span._x.y"},
        ),
        ("from opentelemetry.sdk._logs import _internal", {"opentelemetry.sdk._logs._internal"}),
        ("from opentelemetry._logs import get_logger", set()),
        ("from opentelemetry import trace\ntrace.__name__", set()),
        ("import json\njson._default_encoder", set()),
    ],
)
def test_private_names_are_noticed(text: str, expected: set[str]) -> None:
    """The check can fail."""
    assert expected == find_private(ast.parse(text))
