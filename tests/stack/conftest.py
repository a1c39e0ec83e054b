"""The stack tier runs by `make test-stack` alone: it starts real servers and needs root for their network namespaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.stack.images import IMAGES, ROOT
from tests.stack.runner import Stack, missing_servers

NEEDED = [image.server for image in IMAGES.values() if image.server != "tempo"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tier out where nobody asked for it."""
    if "stack" in config.getoption("markexpr", ""):
        return
    for item in items:
        if item.get_closest_marker("stack"):
            item.add_marker(pytest.mark.skip(reason="runs real servers: `make test-stack`"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every service of docker-compose.yml that has a native server, running and healthy."""
    if absent := missing_servers(NEEDED):
        pytest.skip(f"not built: {', '.join(absent)}. Type: tools/servers.sh {' '.join(absent)} (it needs Go)")
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and iproute2: run `sudo make test-stack`, or use Docker")
    folder = tmp_path_factory.mktemp("stack")
    _let_pass(folder)
    spec = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    with Stack(spec, folder, {}) as running:
        running.start()
        yield running


def _let_pass(folder: Path) -> None:
    """Each service has its own user, and must reach its folder."""
    for path in (folder, *folder.parents[:2]):
        path.chmod(path.stat().st_mode | 0o011)
