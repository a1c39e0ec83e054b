"""What the program gets of a call that may go on: the answer, its stream, or the raw answer in front of either."""

from __future__ import annotations

import inspect
from typing import Any, Protocol

from wrapt import ObjectProxy

from foretell.errors import FAULTS
from foretell.integrations.wrapping.streams import RecordedStream, Told

_CLOSING = ("close", "aclose")


def hand_over(call: Told, result: Any) -> Any:
    """End the call where the answer is here; else give what ends it when it is read, closed or forgotten."""
    try:
        if is_stream(result):
            return HttpStream(result, call)
        http_response = getattr(result, "http_response", None)
        if http_response is None:
            call.finish(result)
        elif http_response.is_closed:
            call.finish(read_body(http_response))
        else:
            return RecordedAnswer(result, call)
    except Exception as error:
        FAULTS.note("integrations.answer", error)
        call.finish()
    return result


def is_stream(value: Any) -> bool:
    """Whether it gives pieces."""
    kind = type(value)
    return hasattr(kind, "__next__") or hasattr(kind, "__anext__")


def read_body(http_response: Any) -> Any:
    """The JSON of an answer that has been read, without reading anything; None where there is none."""
    import orjson

    try:
        return orjson.loads(http_response.content)
    except Exception:  # not read, or no JSON
        return None


class HttpStream(RecordedStream):
    """A stream that ends with the HTTP answer under it, too: helpers around a stream close that one."""

    def __getattr__(self, name: str) -> Any:
        """Whatever the stream has."""
        found = super().__getattr__(name)
        return HttpResponse(found, self._self_call) if name == "response" else found


class HttpResponse(ObjectProxy):  # type: ignore[type-arg]  # it is generic for type checkers only
    """Stands for an HTTP answer; closing it is the end of its call."""

    def __init__(self, response: Any, call: Told) -> None:
        """End `call` with `response`."""
        super().__init__(response)
        self._self_call = call

    def __getattr__(self, name: str) -> Any:
        """Whatever the answer has."""
        found = getattr(self.__wrapped__, name)
        return _ending(found, self._self_call, self.__wrapped__) if name in _CLOSING else found


class RecordedAnswer(ObjectProxy):  # type: ignore[type-arg]  # as above
    """Stands for a raw answer whose body is still to be read: by pieces, whole, or not at all."""

    def __init__(self, answer: Any, call: Told) -> None:
        """End `call` with what the program does with `answer`."""
        super().__init__(answer)
        self._self_call = call
        self._self_streams: dict[int, tuple[Any, HttpStream]] = {}

    def __getattr__(self, name: str) -> Any:
        """Whatever the answer has."""
        found = getattr(self.__wrapped__, name)
        if name == "http_response":
            return HttpResponse(found, self._self_call)
        return _ending(found, self._self_call, self.__wrapped__.http_response) if name in _CLOSING else found

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """What the answer holds, as the client's own types."""
        parsed = self.__wrapped__.parse(*args, **kwargs)
        return self._parse_later(parsed) if inspect.isawaitable(parsed) else self._take(parsed)

    async def _parse_later(self, parsed: Any) -> Any:
        return self._take(await parsed)

    def _take(self, parsed: Any) -> Any:
        try:
            if not is_stream(parsed):
                self._self_call.finish(parsed)
                return parsed
            if id(parsed) not in self._self_streams:  # which it gives each time it is asked
                self._self_streams[id(parsed)] = parsed, HttpStream(parsed, self._self_call)
            return self._self_streams[id(parsed)][1]
        except Exception as error:
            FAULTS.note("integrations.answer", error)
            return parsed


class _Closing(Protocol):
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


def _ending(close: Any, call: Told, http_response: Any) -> _Closing:
    """Closing it ends the call, with the body as far as the program has read it."""

    def end(*args: Any, **kwargs: Any) -> Any:
        call.finish(read_body(http_response))
        return close(*args, **kwargs)

    return end
