"""Puts a wrapper in the place of somebody else's method, so that it can be taken out again."""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import Undo


def put_wrapper(owner: Any, name: str, before: Any, wrapper: Any) -> Undo:
    """Set `owner.name`, which was `before`; what comes back sets it to what it was, unless somebody wrapped it since."""
    is_inherited = name not in vars(owner)
    setattr(owner, name, wrapper)

    def undo() -> None:
        if vars(owner).get(name) is not wrapper:
            return  # taking ours out would throw theirs out
        if is_inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, before)

    return undo
