"""Tells by their names tools that ask a person, and tools that only wait."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

_PERSON = re.compile(r"human|approv|ask_?user|user_?input|confirm(?:ation)?(?:_|$)|clarif", re.IGNORECASE)
_WAIT = re.compile(r"(?:^|[_\-. ])(?:poll|polling|sleep|wait)(?:$|[_\-. ])", re.IGNORECASE)


class Role(Enum):
    """What a tool is for, where that matters."""

    PERSON = "person"
    """Its answer comes from a person, who may take long and brings something new."""
    WAITS = "waits"
    """It waits for something, and may be called again and again."""
    WORKS = "works"


@lru_cache(maxsize=512)
def find_role(name: str) -> Role:
    """What a tool of this name is for."""
    if _PERSON.search(name) is not None:
        return Role.PERSON
    return Role.WORKS if _WAIT.search(name) is None else Role.WAITS
