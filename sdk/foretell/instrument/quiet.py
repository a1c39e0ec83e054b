"""An operation that records nothing, so that code need not ask whether recording is on."""

from __future__ import annotations

from typing import Any


class QuietOperation:
    """Takes every fact and forgets it. False in a condition, so `if foretell.current_operation():` tells."""

    __slots__ = ()
    run_id = ""
    name = ""
    agent_name = None

    def __bool__(self) -> bool:
        """Nothing is being recorded."""
        return False

    def set_input(self, value: Any) -> None:
        """Forget it."""

    def set_output(self, value: Any) -> None:
        """Forget it."""

    def record_usage(self, **tokens: Any) -> None:
        """Forget it."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Forget it."""

    def add_event(self, name: str, /, **fields: Any) -> None:
        """Forget it."""

    def record_validation(self, name: str, passed: bool, /, **fields: Any) -> None:
        """Forget it."""

    def record_error(self, error: BaseException) -> None:
        """Forget it."""

    def chunk(self, value: Any = None) -> None:
        """Forget it."""

    def finish(self, result: Any = None) -> None:
        """Nothing to end."""

    def fail(self, error: BaseException) -> None:
        """Nothing to end."""
