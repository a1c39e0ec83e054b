"""What is noted of a request before it is sent: plain values as they are now, and which arguments are contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.instrument.operation import REQUEST_CHARS
from foretell.payloads.taking.snapshot import take_copy

if TYPE_CHECKING:
    from foretell.integrations.operations.api import Api, Request

_ABSENT = frozenset({"NotGiven", "Omit"})
"""Clients have classes for "not given": they are passed on by helpers and frameworks."""


def take_request(api: Api, instance: Any, kwargs: dict[str, Any]) -> tuple[Request, dict[str, Any]]:
    """Return what is noted of a request, and its contents, which are still the program's."""
    request: Request = {}
    contents: dict[str, Any] = {}
    has_further = False
    for key, value in kwargs.items():
        kind = type(value)
        if key in api.parameters:
            if kind is int or kind is float or kind is bool or (kind is str and len(value) <= REQUEST_CHARS):
                request[key] = value
            elif issubclass(kind, (str, int, float, list)):
                request[key] = take_copy(value, REQUEST_CHARS).value
        elif key in api.contents:
            if kind is list or kind is str or (value is not None and kind.__name__ not in _ABSENT):
                contents[key] = value
        elif key in api.further:
            has_further = True
    if has_further:
        api.note(request, kwargs)
    client = getattr(instance, "_client", None)
    if client is not None:
        request["base_url"] = client.base_url
    return request, contents
