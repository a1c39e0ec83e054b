"""No secret and no personal data leaves through any door of a real program, whatever place it stood in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import foretell
from tests.contracts.collector import Collector
from tests.support.haystacks import find_all, read_store, read_traces
from tests.unit.privacy.canaries import KEYS, NEAR_MISSES, WRITTEN, Canary

pytestmark = pytest.mark.slow

CANARIES = KEYS + WRITTEN
PROGRAMS = Path(__file__).parent / "programs"
SDK = Path(foretell.__file__).parent.parent
SHORT = 7
"""A shorter secret may stand in any id by chance: then the text around it is looked for."""
MARKER = "plain words that are nobody's secret"
CONTENTS = (
    "argument", "rest", "keyword", "nested", "header", "raw header", "bytes", "dataclass", "set", "tuple", "large",
    "result", "nested result", "tool result", "document", "record", "system", "part", "tool message",
    "said", "stream", "deltas", "async stream", "set_input", "set_output",
)  # fmt: skip
"""What stands before the marker where it is part of an input or of an output."""
OTHERS = ("message", "cause", "handled", "event field", "attribute", "tag", "score comment", "log message", "tool name")
"""The same where it is other text, which leaves redacted."""


def needles_of(canary: Canary) -> list[str]:
    """What must not be left of it: each line of a key in several lines, for any of them is too much."""
    if "\n" in canary.secret:
        return [line for line in canary.secret.splitlines() if line and not line.startswith("-----")]
    return [canary.secret if len(canary.secret) >= SHORT else canary.text]


NEEDLES = sorted({needle for canary in CANARIES for needle in needles_of(canary)})


class Recording:
    """A program that ran, and everything it left behind."""

    def __init__(self, directory: Path, texts: Iterable[str], *, has_faces: bool = True, **settings: str) -> None:
        directory.mkdir()
        (directory / "texts.json").write_text(json.dumps(list(texts)), encoding="utf-8")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
        self._environment = {**clean, "PYTHONPATH": f"{PROGRAMS}{os.pathsep}{SDK}", "COLUMNS": "400"}
        self._directory = directory
        collector = Collector()
        try:
            more = {
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
                "OTEL_METRICS_EXPORTER": "otlp,prometheus",
                "OTEL_EXPORTER_PROMETHEUS_PORT": "0",
                **settings,
            }
            done = self._run([str(PROGRAMS / "leaky.py"), "texts.json"], more)
        finally:
            collector.close()
        self.said = {"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}
        self.sent = {f"request {number} {path}": body for number, (path, _, body) in enumerate(collector.requests)}
        self.sent["chunks in spans"] = read_traces(
            body for path, _, body in collector.requests if path.endswith("traces")
        )
        self.store = read_store(directory / ".foretell")
        self.shown = self._show(more) if has_faces else {}

    @property
    def everything(self) -> dict[str, bytes]:
        return {**self.said, **self.sent, **self.store, **self.shown}

    def _show(self, more: dict[str, str]) -> dict[str, bytes]:
        """What the command line says of it."""
        cli = ["-m", "foretell.cli"]
        self._run([*cli, "export", "runs.jsonl", "--content"], more)
        shown = {"foretell export": (self._directory / "runs.jsonl").read_bytes()}
        for command in (
            ["show", "--json", "--content"],
            ["show", "--content"],
            ["runs", "--json"],
            ["doctor", "--json"],
        ):
            done = self._run([*cli, *command], more, is_checked=command[0] != "doctor")
            shown[f"foretell {' '.join(command)}"] = (done.stdout + done.stderr).encode()
        return shown

    def _run(
        self, arguments: list[str], more: dict[str, str], *, is_checked: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self._directory, env={**self._environment, **more}, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode == 0 or not is_checked, done.stderr
        return done


@pytest.fixture(scope="module")
def unredacted(tmp_path_factory):
    """The control: with redaction off every canary must be found, or the search proves nothing."""
    texts = [canary.text for canary in CANARIES]
    return Recording(tmp_path_factory.mktemp("off") / "run", texts, FORETELL_CONTENT="export", FORETELL_REDACTION="off")


@pytest.mark.parametrize("content", ["export", "local", "none"])
def test_no_canary_is_left_anywhere(content, tmp_path):
    """Neither in the store, on the wire, on the console, nor in what the command line shows."""
    recording = Recording(tmp_path / "run", [canary.text for canary in CANARIES], FORETELL_CONTENT=content)

    assert {} == find_all(NEEDLES, recording.everything)
    assert recording.sent
    assert b"[redacted:" in recording.said["stderr"]


def test_without_redaction_every_canary_is_found_everywhere(unredacted):
    """What the search above finds when there is something to find."""
    for haystacks in (unredacted.store, unredacted.sent, unredacted.said, unredacted.shown):
        assert set() == set(NEEDLES) - set(find_all(NEEDLES, haystacks))


def test_what_only_looks_like_a_secret_is_kept(tmp_path):
    """Redaction that takes everything would pass the test above, too."""
    near = [text for text in NEAR_MISSES if len(text) >= SHORT]
    recording = Recording(tmp_path / "run", near, has_faces=False, FORETELL_CONTENT="export")

    assert set() == set(near) - set(find_all(near, recording.store))
    assert set() == set(near) - set(find_all(near, recording.sent))


WHERE = [("export", True, True), ("local", True, False), ("none", False, False)]


@pytest.mark.parametrize(("content", "is_stored", "is_sent"), WHERE, ids=[case[0] for case in WHERE])
def test_contents_go_where_they_may(tmp_path, content, is_stored, is_sent):
    """Inputs and outputs: nowhere, into the store, or on the wire too. Other text always leaves."""
    recording = Recording(tmp_path / "run", [MARKER], has_faces=False, FORETELL_CONTENT=content)
    contents = {f"{place} {MARKER}" for place in CONTENTS}
    others = {f"{place} {MARKER}" for place in OTHERS}

    assert (contents if is_stored else set()) == set(find_all(contents, recording.store))
    assert (contents if is_sent else set()) == set(find_all(contents, recording.sent))
    assert others == set(find_all(others, recording.store))
    assert others == set(find_all(others, recording.sent))
