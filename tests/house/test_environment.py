"""Only settings.py reads the environment."""

from __future__ import annotations

import ast

import pytest

from tests.house.source import list_modules

ALLOWED = {
    "settings.py": "the one place",
    "instrument/carriers.py": "child_env() starts from the environment that a subprocess would inherit",
}
READS = {"environ", "environb", "getenv", "putenv", "unsetenv"}


def reads_environment(tree: ast.Module) -> bool:
    """True where a module takes one of os's names for the environment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in READS:
            if isinstance(node.value, ast.Name) and node.value.id == "os":
                return True
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and READS & {item.name for item in node.names}:
            return True
    return False


@pytest.mark.parametrize(("name", "module"), [pytest.param(name, tree, id=name) for name, tree in list_modules()])
def test_only_settings_reads_the_environment(name: str, module: ast.Module) -> None:
    """Elsewhere it arrives as an argument, so that one object tells a program's behaviour."""
    assert name in ALLOWED or not reads_environment(module)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nos.environ['X']", True),
        ("from os import getenv", True),
        ("import os\nos.getpid()", False),
        ("settings.environ", False),
    ],
)
def test_reading_is_noticed(text: str, expected: bool) -> None:
    """The check can fail."""
    assert expected == reads_environment(ast.parse(text))
