"""Checked by mypy, never run: `foretell.instrument` is a function, although a package has that name."""

from __future__ import annotations

from typing_extensions import assert_type

import foretell
import foretell.instrument.blocks


class Crew:
    """An object of a framework."""


assert_type(foretell.instrument(Crew()), Crew)
