"""Loads whole, on the program's own thread, what it would else see half of while our worker loads it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

CLIENT = "openai"
_LOOKS = "openai._httpx2"
"""Versions with this module look at each answer whether httpx2 is loaded, and take it for whole if it is."""


def load_httpx2() -> None:
    """Import httpx2 where OpenAI's client looks for it: the price list needs it, and loads it beside the first call.

    Half of a module would be an AttributeError in the program.
    """
    if _LOOKS in sys.modules and "httpx2" not in sys.modules and find_spec("httpx2") is not None:
        import httpx2  # noqa: F401
