"""What the program would see half of while our worker loads it is loaded before."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import foretell
{first}
foretell.init("whole", store="store", integrations="none")
before = "httpx2" in sys.modules
import openai
print(before, "httpx2" in sys.modules)
foretell.shutdown()
"""


@pytest.mark.parametrize(
    ("first", "looks", "expected"),
    [
        ("", True, "False True"),
        ("import openai", True, "True True"),
        ("", False, "False False"),
    ],
)
def test_httpx2_is_whole_as_soon_as_a_client_is_there_that_looks_for_it(tmp_path, first, looks, expected):
    """A made-up client of that name stands in: only some versions look, and each of them only in passing."""
    client = tmp_path / "openai"
    client.mkdir()
    (client / "__init__.py").write_text("from openai import _httpx2\n" if looks else "")
    (client / "_httpx2.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(first=first)], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (0, expected, "") == (done.returncode, done.stdout.strip(), done.stderr)
