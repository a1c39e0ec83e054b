"""Asking servers by plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said; `status` is 0 where it said nothing."""

    status: int
    text: str = ""
    reason: str = ""
    """Why it said nothing."""

    @property
    def is_good(self) -> bool:
        """True where the server did what it was asked."""
        return 200 <= self.status < 300

    def read(self) -> Any:
        """Read its JSON; None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def __str__(self) -> str:
        """Say on one line what came, for a message."""
        if not self.status:
            return self.reason
        said = " ".join(self.text.split())[:160]
        return f"HTTP {self.status}{f', {said}' if said and not self.is_good else ''}"


Fetch = Callable[[str, Any], Reply]
"""An address, and what to post as JSON (None: nothing, get it), to the reply. Never raises."""


def fetch(url: str, body: Any = None, timeout_s: float = TIMEOUT_S) -> Reply:
    """Ask one server, without any proxy: what is asked is on this machine or beside it."""
    import urllib.error
    import urllib.request

    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept": "application/json", **({} if data is None else {"Content-Type": "application/json"})}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        request = urllib.request.Request(url, data, headers)  # noqa: S310  # the schemes are checked where it is typed
        with opener.open(request, timeout=timeout_s) as answer:
            return Reply(answer.status, answer.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.read().decode("utf-8", "replace"))
    except Exception as error:  # a server that speaks no HTTP can fail in many ways
        reason = getattr(error, "reason", error)
        said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return Reply(0, reason="no answer in time" if isinstance(reason, TimeoutError) else said.lower())
