"""Other programs: the one door through which the stack is started, stopped and asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

ANSWER_S = 60.0
"""An engine that is just starting takes long to answer; one that hangs never does."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a program ended, and what it said."""

    code: int
    out: str = ""
    err: str = ""

    @property
    def complaint(self) -> str:
        """The last thing that it said in its trouble, on one line."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1] if lines else f"it ended with {self.code}"


class Commands(Protocol):
    """Starts programs by name. A program that is not there is an answer with the code 127, never an exception."""

    def has(self, program: str) -> bool:
        """Say whether there is such a program."""
        ...

    def ask(self, command: Sequence[str], given: str = "") -> Answer:
        """Run it to its end with `given` as its input, and return what it said."""
        ...

    def follow(self, command: Sequence[str]) -> int:
        """Run it to its end where people see what it says; return its exit code."""
        ...


class SystemCommands:
    """The programs of this machine."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start them with that environment, and find them by its PATH."""
        self._environment = dict(environment)

    def has(self, program: str) -> bool:
        """Say whether it is on PATH."""
        return self._find(program) is not None

    def ask(self, command: Sequence[str], given: str = "") -> Answer:
        """Run it, quietly, for a minute at most."""
        found = self._find(command[0])
        if found is None:
            return Answer(127, err=f"{command[0]} is not on PATH")
        try:
            done = subprocess.run(  # noqa: S603  # programs and arguments of ours
                [found, *command[1:]],
                input=given,
                env=self._environment,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=ANSWER_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(124, err=f"no answer within {ANSWER_S:g} seconds")
        except OSError as error:
            return Answer(126, err=error.strerror or str(error))
        return Answer(done.returncode, done.stdout, done.stderr)

    def follow(self, command: Sequence[str]) -> int:
        """Run it with all that it says on standard error: standard output is for results."""
        found = self._find(command[0])
        if found is None:
            return 127
        full = [found, *command[1:]]
        done = subprocess.run(full, env=self._environment, stdout=sys.stderr, stdin=subprocess.DEVNULL, check=False)  # noqa: S603  # as above
        return done.returncode

    def _find(self, program: str) -> str | None:
        return shutil.which(program, path=self._environment.get("PATH"))
