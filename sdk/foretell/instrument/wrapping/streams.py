"""The operation of a generator: parent taken when it is called, open from the first step to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current

from foretell.errors import FAULTS
from foretell.instrument.contexts import abandon
from foretell.instrument.operation import Operation, open_call
from foretell.instrument.wrapping.pieces import Pieces
from foretell.model.payload import size_of

if TYPE_CHECKING:
    from foretell.instrument.runtime import Runtime
    from foretell.instrument.spec import Spec


class Stream:
    """What a wrapped generator does around each of its steps. Nothing here raises."""

    __slots__ = ("_arguments", "_consumer", "_inside", "_operation", "_owner", "_pieces", "_runtime", "_spec")

    def __init__(
        self,
        runtime: Runtime,
        spec: Spec,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        owner: int | None = None,
    ) -> None:
        """Remember where the generator was called; it is opened at its first step, if there ever is one."""
        self._owner = owner
        self._runtime = runtime
        self._spec = spec
        self._arguments = (args, kwargs)
        self._inside = self._consumer = get_current()
        self._operation: Operation | None = None
        self._pieces: Pieces | None = None

    def open(self) -> None:
        """Open the operation under the parent of the call, for the first step."""
        self._consumer = get_current()
        try:
            attach(self._inside)
            operation = open_call(self._runtime, self._spec, *self._arguments)
            operation.inside = None  # from here on the stream says when it is current
            operation.owner = self._owner
            self._operation = operation
            self._pieces = Pieces(self._runtime.capture.limit_bytes) if operation.is_captured_out else None
        except Exception as error:
            attach(self._consumer)
            FAULTS.note("open", error)
        except BaseException:  # the run is halted: the generator's code does not even begin
            attach(self._consumer)
            raise

    async def wait(self) -> None:
        """Wait where the run is paused, without blocking the event loop, and as the consumer for that time."""
        operation = self._operation
        gate = self._runtime.gate
        if operation is not None and gate is not None:
            inside = get_current()
            attach(self._consumer)
            try:
                await gate.wait(operation)
            finally:
                self._consumer = get_current()
                attach(inside)

    def suspend(self, chunk: Any) -> None:
        """Note a chunk and hand the consumer its own context back, whatever the generator has open inside."""
        operation = self._operation
        if operation is None:
            return
        self._inside = get_current()
        attach(self._consumer)
        try:
            operation.chunk(chunk)
            if self._pieces is not None:
                self._pieces.add(chunk)
        except Exception as error:
            FAULTS.note("stream", error)

    def resume(self) -> None:
        """Give the generator its own context back for its next step."""
        if self._operation is not None:
            self._consumer = get_current()
            attach(self._inside)

    def finish(self, result: Any) -> None:
        """The generator came to its end."""
        operation, self._operation = self._operation, None
        if operation is None:
            return
        attach(self._consumer)
        try:
            self._keep_pieces(operation)
            operation.finish(result)
        except Exception as error:
            FAULTS.note("end", error)
            abandon(operation)

    def fail(self, error: BaseException) -> None:
        """The generator raised, or its consumer closed it early."""
        operation, self._operation = self._operation, None
        if operation is None:
            return
        attach(self._consumer)
        try:
            self._keep_pieces(operation)
            operation.fail(error)
        except Exception as fault:
            FAULTS.note("end", fault)
            abandon(operation)

    def abandon(self) -> None:
        """Last resort: whatever left the generator without an ending above ends it here."""
        if self._operation is not None:
            self.fail(GeneratorExit())

    def _keep_pieces(self, operation: Operation) -> None:
        if self._pieces is not None and operation.output is None:
            operation.output = self._pieces.join()
            operation.size_bytes += size_of(operation.output)
