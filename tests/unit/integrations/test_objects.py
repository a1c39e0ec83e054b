"""`foretell.instrument(obj)` records what is built already."""

from __future__ import annotations

import subprocess
import sys

import pytest

import foretell

ORDERS = [
    "import foretell",
    "import foretell.instrument.blocks",
    "import foretell.instrument",
    "from foretell.instrument.decorators import instrument_agent",
    "import foretell\nforetell.agent",
    "import foretell\nfor name in foretell.__all__: getattr(foretell, name)",
    "import foretell.integrations.objects",
]


class Runner:
    """An agent that somebody wrote."""

    def run(self, question):
        return f"about {question}"


@pytest.mark.parametrize("order", ORDERS)
def test_it_can_be_called_whatever_was_imported_before(order):
    """Python puts the package of that name in its place as soon as something in it is imported."""
    code = f"{order}\nimport foretell\nclass A: pass\na = A()\nassert foretell.instrument(a) is a\nfrom foretell import instrument\nassert instrument(a) is a"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_an_object_of_no_known_framework_is_recorded_as_an_agent(record):
    """As `instrument_agent` does it; the same object comes back."""
    runner = Runner()

    assert runner is foretell.instrument(runner)
    assert "about x" == runner.run("x")
    assert ["Runner"] == [call.name for call in record.ended()]
