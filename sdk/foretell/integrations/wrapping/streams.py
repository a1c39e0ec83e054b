"""A client's stream that tells of its pieces as they are read, and is otherwise the stream itself."""

from __future__ import annotations

from typing import Any, Protocol

from wrapt import ObjectProxy


class Told(Protocol):
    """A call that is told of its stream. Nothing of it raises."""

    def chunk(self, piece: Any) -> None:
        """A piece has come."""

    def finish(self, answer: Any = None) -> None:
        """It is over; `answer` is what came whole."""

    def fail(self, error: BaseException) -> None:
        """It has failed."""


class RecordedStream(ObjectProxy):  # type: ignore[type-arg]  # it is generic for type checkers only
    """Stands for a stream, synchronous or asynchronous."""

    def __init__(self, stream: Any, call: Told) -> None:
        """Tell `call` what comes from `stream`."""
        super().__init__(stream)
        self._self_call = call

    def __getattr__(self, name: str) -> Any:
        """Whatever the stream has; closing it is the end of its call."""
        found = getattr(self.__wrapped__, name)
        if name not in ("close", "aclose"):
            return found

        def close(*args: Any, **kwargs: Any) -> Any:
            self._self_call.finish()
            return found(*args, **kwargs)

        return close

    def __iter__(self) -> Any:
        """Be read piece by piece."""
        return self

    def __next__(self) -> Any:
        """Give the next piece."""
        try:
            piece = next(self.__wrapped__)
        except StopIteration:
            self._self_call.finish()
            raise
        except BaseException as error:
            self._self_call.fail(error)
            raise
        self._self_call.chunk(piece)
        return piece

    def __aiter__(self) -> Any:
        """Be read piece by piece."""
        return self

    async def __anext__(self) -> Any:
        """Give the next piece."""
        try:
            piece = await self.__wrapped__.__anext__()
        except StopAsyncIteration:
            self._self_call.finish()
            raise
        except BaseException as error:
            self._self_call.fail(error)
            raise
        self._self_call.chunk(piece)
        return piece

    def __enter__(self) -> Any:
        """Be open inside a block."""
        self.__wrapped__.__enter__()
        return self

    def __exit__(self, *about: object) -> Any:
        """End with the block."""
        self._self_call.finish()
        return self.__wrapped__.__exit__(*about)

    async def __aenter__(self) -> Any:
        """Be open inside a block."""
        await self.__wrapped__.__aenter__()
        return self

    async def __aexit__(self, *about: object) -> Any:
        """End with the block."""
        self._self_call.finish()
        return await self.__wrapped__.__aexit__(*about)
