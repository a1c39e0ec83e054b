"""A user's project with a model server: programs are started in it as their own documentation does, under us or without."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

from foretell.demo.model_server import ModelServer
from tests.contracts.frameworks.contract import Family
from tests.contracts.frameworks.environments import find_environment
from tests.contracts.frameworks.playing import PROGRAMS, Played, read_log, surround
from tests.contracts.frameworks.weather import decide_weather

TIMEOUT_S = 180
"""Far more than anything here needs: whoever hangs fails."""


class Scene(AbstractContextManager["Scene"]):
    """The programs of `programs/surroundings/` in a directory of their own, and whatever was started there."""

    def __init__(self, directory: Path, family: Family) -> None:
        self.directory = directory / "project"
        self._python = find_environment(family)
        self._server = ModelServer(decide_weather, latency_s=0.05, chunk_s=0.002)
        self._started: list[Running] = []

    def __enter__(self) -> Self:
        shutil.copytree(PROGRAMS / "surroundings", self.directory)
        self._server.start()
        self._environment = surround(self._server, self.directory)
        # Commands are found where the environment is active.
        self._environment["PATH"] = os.pathsep.join([str(self._python.parent), self._environment["PATH"]])
        self._environment["PYTHONPATH"] = ""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for running in self._started:
            running.kill()
        self._server.stop()

    def start(self, *command: str, recorded: bool = True, **settings: str) -> Running:
        """Start a command, with `foretell run` before it or not."""
        prefix = ["foretell", "run"] if recorded else ["python"] if command[0].endswith(".py") else []
        running = Running([*prefix, *command], self.directory, self._environment | settings)
        self._started.append(running)
        return running

    def run(self, *command: str, recorded: bool = True, **settings: str) -> Running:
        """Start a command and wait for its end."""
        return self.start(*command, recorded=recorded, **settings).end()

    def end(self, number: int) -> None:
        """Send a signal to each that still runs, and wait for its end."""
        for running in self._started:
            if running.process.poll() is None:
                running.end(number)

    @property
    def root_url(self) -> str:
        """Where the model server listens, which answers other requests, too."""
        return self._server.root_url

    @property
    def played(self) -> Played:
        """What stands in the store now."""
        return Played(self.directory, 0, "", "", self.asked)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The model server's own log."""
        return read_log(self._server)


class Running:
    """A process that was started, with what it has written so far."""

    def __init__(self, command: list[str], directory: Path, environment: dict[str, str]) -> None:
        self.said = directory / f"said-{time.monotonic_ns()}"
        with self.said.open("w") as out:
            self.process = subprocess.Popen(
                command, cwd=directory, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def text(self) -> str:
        """Standard output and standard error, as they were written."""
        return self.said.read_text(encoding="utf-8")

    def wait_for(self, pattern: str) -> str:
        """What the pattern finds in what it says, as soon as it is said; the first group of it if there is one."""
        end_s = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end_s:
            found = re.search(pattern, self.text)
            if found is not None:
                return found.group(found.lastindex or 0)
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} was not said:\n{self.text}")

    def end(self, number: int | None = None) -> Self:
        """Wait for its end, after a signal to it alone if one is given."""
        if number is not None:
            self.process.send_signal(number)
        try:
            self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"hangs; it said:\n{self.text}") from None
        return self

    def kill(self) -> None:
        """End it and everything that it started, at once."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait(TIMEOUT_S)

    @property
    def returncode(self) -> int:
        return int(self.process.returncode)
