"""The one running set-up, if any. Importing this changes nothing: `current` is None until `init()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foretell.instrument.runtime import Runtime

current: Runtime | None = None
"""What decorators look at first; None makes them pass straight through."""
