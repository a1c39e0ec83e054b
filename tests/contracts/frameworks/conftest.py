"""Each framework's program is played once, however many tests look at it; at the end stands what is proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.frameworks import results
from tests.contracts.frameworks.contract import Contract
from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import Played, play
from tests.contracts.frameworks.scene import Scene
from tests.contracts.frameworks.surroundings import LAUNCHERS

HERE = Path(__file__).parent
_played: dict[tuple[str, str], Played | NotProven] = {}


@pytest.fixture
def played(tmp_path_factory):
    """Plays a contract's program with settings; a family that cannot be installed here is reported and skipped."""

    def get(contract: Contract, variant: str = "default", **settings: str) -> Played:
        key = (contract.name, variant)
        if key not in _played:
            cases = contract.cases if variant != "off" else contract.cases[:1]
            directory = tmp_path_factory.mktemp(f"{contract.name}-{variant}") / "program"
            try:
                _played[key] = play(contract, directory, cases, **settings)
            except NotProven as reason:
                results.note(contract, "not proven", reason=str(reason))
                _played[key] = reason
        found = _played[key]
        if isinstance(found, NotProven):
            pytest.skip(f"NOT PROVEN: {found}")
        return found

    return get


@pytest.fixture
def scene(tmp_path):
    """A user's project, in which programs are started as their own documentation does."""
    try:
        with Scene(tmp_path, LAUNCHERS) as scene:
            yield scene
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")


def pytest_collection_modifyitems(config, items):
    """Leave the tier out of other runs: it makes two dozen environments."""
    if "frameworks" in config.getoption("markexpr", ""):
        return
    ours = [item for item in items if HERE in item.path.parents]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


def pytest_terminal_summary(terminalreporter, config):
    """Say of each framework whether it is proven, and why not."""
    if "frameworks" not in config.getoption("markexpr", ""):
        return
    failed = {
        report.nodeid.partition("[")[2].rstrip("]").partition("@")[0]
        for outcome in ("failed", "error")
        for report in terminalreporter.stats.get(outcome, ())
    }
    terminalreporter.section("frameworks")
    for line in results.report(failed):
        terminalreporter.line(line)
