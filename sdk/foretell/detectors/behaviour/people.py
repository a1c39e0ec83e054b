"""Tells by their names tools that ask a person and tools that only wait."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from foretell.model.call import Call

POLLER: Final = "foretell.poller"
"""An attribute that declares a tool a poller: it may be called again and again."""
_PERSON = re.compile(r"human|approv|ask_?user|user_?input|confirm(?:ation)?(?:_|$)|clarif", re.IGNORECASE)
_WAIT = re.compile(r"(?:^|[_\-. ])(?:poll|polling|sleep|wait)(?:$|[_\-. ])", re.IGNORECASE)


@lru_cache(maxsize=512)
def asks_a_person(name: str) -> bool:
    """True for a tool whose answer comes from a person, who may take long and brings something new."""
    return _PERSON.search(name) is not None


@lru_cache(maxsize=512)
def _waits(name: str) -> bool:
    return _WAIT.search(name) is not None


def is_poller(call: Call) -> bool:
    """True for a tool that waits for something: declared so by an attribute, or named so."""
    return _waits(call.name) or (call.attributes is not None and bool(call.attributes.get(POLLER)))
