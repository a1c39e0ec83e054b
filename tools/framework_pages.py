"""Writes docs/integrations/ from what `make test-frameworks` has found out, or says with --check which pages are stale.

`python -m tools.framework_pages` from the root. A framework that was not proven here keeps the page it has.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.contracts.frameworks import results
from tests.contracts.frameworks.contract import Contract, Sort
from tests.contracts.frameworks.table import CONTRACTS

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "integrations"
MADE = "<!-- Made by tools/framework_pages.py from the contract suite; do not edit. -->"
CASES = {
    "plain": "plain calls",
    "stream": "streams",
    "async": "coroutines",
    "error": "failures",
}
KINDS = {
    "workflow": "workflows",
    "agent": "agents",
    "llm": "model calls with tokens and cost",
    "tool": "tools",
    "span": "other steps of the library",
}
HEADINGS = {Sort.AGENTS: "Agent frameworks", Sort.CLIENT: "Clients", Sort.PROTOCOL: "Protocols"}


def make_pages() -> dict[Path, str]:
    """Every page that can be made from what is known here."""
    known = {contract.name: results.read(contract.name) for contract in CONTRACTS if contract.sort in HEADINGS}
    pages = {
        PAGES / f"{contract.name}.md": make_page(contract, found)
        for contract in CONTRACTS
        if (found := known.get(contract.name)) is not None and found["verdict"] == "proven"
    }
    return {**pages, PAGES / "index.md": make_index()}


def make_page(contract: Contract, found: dict[str, Any]) -> str:
    """The page of one framework."""
    extras = f"[{','.join(contract.family.extras)}]" if contract.family.extras else ""
    played = ", ".join(CASES[case] for case in contract.cases)
    lines = [
        MADE,
        f"# {contract.title}",
        "",
        "## Start",
        "",
        "```bash",
        f"pip install 'foretell{extras}'",
        "foretell run agent.py   # your program, as it is",
        "foretell show",
        "```",
        "",
        f"Switch it off with `FORETELL_INTEGRATIONS_OFF={','.join(contract.off)}`.",
        "",
        "## What is recorded",
        "",
        *_tell_kinds(contract, found["tellers"]),
        "",
        f"Proven with {_join(contract.family.packages)}: {played}.",
        *_tell_requests(contract),
        'Prompts, arguments and results stay in the local store, and are kept nowhere with `content="none"`.',
        *_warn(contract),
        "",
        *_draw_trees(contract),
        "",
        f"The program is `tests/contracts/frameworks/programs/{contract.program}.py`.",
    ]
    return "\n".join(lines) + "\n"


def make_index() -> str:
    """The list of all frameworks."""
    lines = [
        MADE,
        "# Integrations",
        "",
        "`foretell run agent.py` records these without a change to your program. `foretell integrations` says what is",
        "installed, what is on, and what to install.",
    ]
    for sort, heading in HEADINGS.items():
        found = [contract for contract in CONTRACTS if contract.sort is sort]
        if found:
            lines += ["", f"## {heading}", ""]
            lines += [f"- [{contract.title}]({contract.name}.md)" for contract in found]
    return "\n".join(lines) + "\n"


def _tell_kinds(contract: Contract, tellers: dict[str, list[str]]) -> list[str]:
    rows = [f"| {KINDS[kind]} | {_join(tellers[kind])} |" for kind in KINDS if kind in tellers]
    return ["| what | told by |", "|---|---|", *rows]


def _join(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _draw_trees(contract: Contract) -> list[str]:
    first = next(case for case in contract.cases if case != "error")
    is_tool = contract.sort is Sort.PROTOCOL
    return [
        "A tool in another process:" if is_tool else "Two turns of a model and a tool in between:",
        "",
        "```text",
        contract.tree_of(first),
        "```",
        "",
        f"The same, where the {'tool' if is_tool else 'model'} fails (`!` has failed):",
        "",
        "```text",
        contract.tree_of("error"),
        "```",
    ]


def _tell_requests(contract: Contract) -> list[str]:
    if contract.sort is Sort.PROTOCOL:
        return []
    if contract.is_summed:
        return [
            "Its model calls are made in a program of its own: models, order and input are those of each request; outputs",
            "are told only summed up and shared out (`foretell.usage.estimated`), and retries are not told.",
        ]
    said = "model and tokens" if contract.tells_streams else "model and tokens; which of them streamed is not told"
    return [f"Model calls are the requests that the model server has logged, in number, order, {said}."]


def _warn(contract: Contract) -> list[str]:
    if not contract.untold:
        return []
    return ["", "It asks for no counts of tokens in streams; there, tokens and cost are unknown."]


def main(arguments: list[str]) -> int:
    """Write, or with --check only tell; 1 where a page is stale."""
    pages = make_pages()
    stale = {
        path: text for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        name = path.relative_to(ROOT)
        if "--check" in arguments:
            print(f"{name} is stale. Run: make test-frameworks && python -m tools.framework_pages")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"{name} written")
    print(json.dumps({"pages": len(pages), "stale": len(stale)}))
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
