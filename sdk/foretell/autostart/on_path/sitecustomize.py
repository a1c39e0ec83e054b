"""Loaded by Python at its start in the processes that a recorded program starts; never imported by us."""

from __future__ import annotations

try:
    from foretell.autostart.begin import begin, load_next
except ImportError:  # another Python, without us
    pass
else:
    load_next()
    begin()
