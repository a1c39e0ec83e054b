"""What stands in the way of the stack, in one form for every check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where, and what to type."""

    service: str
    """As docker-compose.yml names it; `docker` for what all of them need."""
    place: str
    """A file, a port or a program."""
    text: str
    advice: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.service}: {self.place}: {self.text}. {self.advice}"
