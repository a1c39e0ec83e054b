"""What `foretell up` asks each server before it starts: taken as it is, refused when something unknown stands in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from foretell.stack.checkers import CHECKERS
from foretell.stack.commands import Answer
from tests.stack.images import IMAGES, ROOT
from tests.support.native_servers import find_server

pytestmark = pytest.mark.stack

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
FILES = {
    "otel-collector": "config.yaml", "jaeger": "config.yaml", "prometheus": "prometheus.yml", "loki": "loki.yaml",
    "tempo": "tempo.yaml", "alertmanager": "alertmanager.yml",
}  # fmt: skip


def check(name: str, folder: Path) -> Answer:
    """Ask the server of a service about a copy of its files in a folder, by the very words that compose would get."""
    spec, checker = SERVICES[name], CHECKERS[name]
    server = {"/bin/promtool": "promtool"}.get(checker.program) or IMAGES[spec["image"].rpartition(":")[0]].server
    if server == "tempo" and find_server(server) is None:
        pytest.skip("not proven here: there is no `tempo` on PATH or in the folder FORETELL_SERVERS")
    needed = [server, "amtool"] if name == "alertmanager" else [server]
    if absent := [each for each in needed if find_server(each) is None]:
        pytest.skip(f"not built: {', '.join(absent)}. Type: tools/servers.sh {' '.join(absent)} (it needs Go)")
    mounts = {mount.split(":")[1]: folder for mount in spec["volumes"] if mount.startswith("./")}
    program = [str(find_server(server))]
    if name == "alertmanager":
        script = folder / "start.sh"
        script.write_text(move(script.read_text(), {**mounts, "/run/alertmanager": folder / "run"}))
        (folder / "run").mkdir()
        program = ["/bin/sh", str(script)]
    words = [move(word, mounts) for word in checker.arguments(spec.get("command", ()))]
    path = os.pathsep.join((str(Path(str(find_server(needed[-1]))).parent), os.environ["PATH"]))
    done = subprocess.run(
        [*program, *words], env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def move(text: str, places: dict[str, Path]) -> str:
    """Paths of the container as those of a folder here."""
    for place, folder in places.items():
        text = text.replace(place, str(folder))
    return text


def copy(name: str, folder: Path) -> Path:
    """The files of a service, those of Prometheus with paths that lead there."""
    (source,) = (mount.split(":")[0] for mount in SERVICES[name]["volumes"] if mount.startswith("./"))
    shutil.copytree(ROOT / source, folder, dirs_exist_ok=True)
    if name == "prometheus":
        file = folder / FILES[name]
        file.write_text(file.read_text().replace("/etc/prometheus", str(folder)))
    return folder


def test_every_server_that_reads_files_of_ours_is_asked() -> None:
    """Grafana has no checker; its dashboards are JSON that is parsed."""
    assert set(CHECKERS) == set(FILES)
    with_files = {name for name, spec in SERVICES.items() if any(mount[0] == "." for mount in spec.get("volumes", ()))}
    assert {"grafana"} == with_files - set(CHECKERS)


@pytest.mark.parametrize("name", CHECKERS)
def test_a_sound_configuration_is_taken(name: str, tmp_path: Path) -> None:
    answer = check(name, copy(name, tmp_path))
    assert 0 == answer.code, answer.err + answer.out


@pytest.mark.parametrize("name", CHECKERS)
def test_what_nobody_knows_is_refused_by_name(name: str, tmp_path: Path) -> None:
    """It parses, so only the server can tell."""
    file = copy(name, tmp_path) / FILES[name]
    file.write_text(f"{file.read_text()}\nnobody_knows: 1\n")
    answer = check(name, tmp_path)

    assert 0 != answer.code
    assert "nobody_knows" in answer.err + answer.out
