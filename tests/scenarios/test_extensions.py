"""What a program may bring of its own: prices, redaction."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def run(tmp_path: Path, program: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    return subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )


def show(tmp_path: Path) -> str:
    words = [sys.executable, "-m", "foretell.cli", "show", "--json", "--content"]
    return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60).stdout


def test_own_prices_and_redaction_are_used(tmp_path: Path) -> None:
    """A price function prices what no list knows; a function, a key and a pattern redact what no rule knows."""
    done = run(
        tmp_path,
        """
        import foretell

        foretell.init(
            price_function=lambda provider, model, usage, at: 0.25 if model == "my-own" else None,
            redaction_functions=[lambda text: text.replace("Aunt Mary", "(family)")],
            redaction_keys=["nickname"],
            redaction_patterns={"badge": "BADGE-[0-9]+"},
        )
        with foretell.agent("a"), foretell.llm("my-own", provider="me") as op:
            op.record_usage(input_tokens=1, output_tokens=1)
            op.set_input({"who": "Aunt Mary", "nickname": "Bear", "badge": "BADGE-77"})
        """,
    )

    assert (0, "") == (done.returncode, done.stderr)
    shown = show(tmp_path)
    assert '"cost_usd": 0.25' in shown
    assert [] == [word for word in ("Aunt Mary", "Bear", "BADGE-77") if word in shown]


def test_a_pattern_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """The sentence names it and says what to type; nothing is left half set up."""
    done = run(
        tmp_path,
        """
        import threading, foretell

        try:
            foretell.init(redaction_patterns={"bad": "(?=x)"})
        except foretell.ForetellError as error:
            print(error)
        print(threading.active_count())
        """,
    )

    assert "RE2" in done.stdout
    assert "1" == done.stdout.splitlines()[-1]
