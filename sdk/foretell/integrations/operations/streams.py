"""A client's call that goes on after its method has returned: it ends with the last piece of its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.errors import FAULTS
from foretell.payloads.taking.snapshot import take_copy

if TYPE_CHECKING:
    from foretell.instrument.operation import Operation
    from foretell.integrations.operations.api import Api, Gathering


def note_answer(operation: Operation, api: Api, answer: Any) -> None:
    """Take an answer as it is now."""
    if api.find_error is not None and (error := api.find_error(answer)) is not None:
        operation.error = error
    if operation.is_captured_out:
        captured = take_copy(answer, operation.runtime.capture.limit_bytes)
        if not captured.is_truncated:
            operation.output = captured
            operation.size_bytes += captured.size_bytes
            return
    operation.set_output(answer)


class LastingCall:
    """An operation whose answer is still to come. Nothing here raises."""

    def __init__(self, operation: Operation, api: Api) -> None:
        """End `operation`, once."""
        self._operation: Operation | None = operation
        self._api = api
        self._gathered: Gathering | None = None

    def chunk(self, piece: Any) -> None:
        """A piece of a stream has come."""
        operation = self._operation
        if operation is None:
            return
        try:
            operation.chunk(piece)
            if self._gathered is None:
                self._gathered = self._api.gather(operation.runtime.capture.limit_bytes)
            self._gathered.add(piece)
        except Exception as error:
            FAULTS.note("integrations.chunk", error)

    def finish(self, answer: Any = None) -> None:
        """It has answered, or nobody reads on."""
        operation, self._operation = self._operation, None
        if operation is None:
            return
        try:
            if answer is not None:
                note_answer(operation, self._api, answer)
            self._keep(operation)
            operation.finish()
        except Exception as error:
            FAULTS.note("integrations.finish", error)

    def fail(self, error: BaseException) -> None:
        """It has failed; what came before counts."""
        operation, self._operation = self._operation, None
        if operation is None:
            return
        try:
            self._keep(operation)
            operation.fail(error)
        except Exception as fault:
            FAULTS.note("integrations.finish", fault)

    def __del__(self) -> None:
        """A stream that nobody reads on ends here."""
        self.finish()

    def _keep(self, operation: Operation) -> None:
        gathered = self._gathered
        if gathered is None:
            return
        if gathered.error is not None:
            operation.error = gathered.error
        if operation.is_captured_out and operation.output is None:
            operation.output = captured = gathered.join()
            operation.size_bytes += captured.size_bytes if captured is not None else 0
