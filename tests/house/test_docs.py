"""Pages tell the truth: links resolve, generated pages are fresh, no path of one machine is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import ROOT, list_files

PAGES = sorted(path for path in list_files() if path.suffix == ".md")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|Users|root|work|tmp)/[\w.-]+")
# Made-up paths in examples and in tests of redaction belong to nobody.
HARMLESS = re.compile(r"/(?:home|Users)/(?:me|you|user|alice|bob|ada|app)\b|/tmp/(?:x|y|a|b|foretell|example)\b")


def find_broken_links(path: Path) -> Iterator[str]:
    """Yield the targets in a page that are not there."""
    for target in LINK.findall(_without_code(path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        page = (path.parent / file).resolve() if file else path
        if not page.exists() or (anchor and anchor not in _anchors(page)):
            yield target


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def _anchors(page: Path) -> set[str]:
    headings = HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_resolves(page: Path) -> None:
    """Files and headings, in the README too, which no site builder checks."""
    assert [] == list(find_broken_links(page))


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    """The check can fail."""
    page = tmp_path / "page.md"
    page.write_text("# One two\n[a](#one-two) [b](gone.md) [c](#gone) [d](https://e.org/gone)\n```\n[x](y)\n```\n")

    assert ["gone.md", "#gone"] == list(find_broken_links(page))


def test_no_path_of_one_machine_is_in_the_project() -> None:
    """What works here only works nowhere else."""
    found = []
    for path in list_files():
        if path.suffix in {".png", ".gz", ".db", ".bin"} or path == Path(__file__):
            continue
        text = path.read_text("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in MACHINE_PATH.findall(text) if not HARMLESS.match(hit)]

    assert [] == found
