"""Programs that say what a test has told them to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from foretell.stack.commands import Answer

Reply = Answer | Callable[[str], Answer]


class FakeCommands:
    """Answers by the first words that occur, in order, in a command; what it does not know ends with 1."""

    def __init__(self, answers: dict[str, Reply] | None = None, *, absent: Sequence[str] = ()) -> None:
        self.answers = dict(answers or {})
        self.absent = absent
        self.asked: list[list[str]] = []
        self.followed: list[list[str]] = []
        self.follow_code = 0

    def has(self, program: str) -> bool:
        return program not in self.absent

    def ask(self, command: Sequence[str], given: str = "") -> Answer:
        self.asked.append(list(command))
        line = " ".join(command)
        for words, reply in self.answers.items():
            if words in line:
                return reply(given) if callable(reply) else reply
        return Answer(1, err=f"not told: {line}")

    def follow(self, command: Sequence[str]) -> int:
        self.followed.append(list(command))
        return self.follow_code
