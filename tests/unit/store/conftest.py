"""A store in a directory of its own, and calls to put into it."""

from __future__ import annotations

from tests.support.stores import clock, directory, make, open_store, reader, sink, store

__all__ = ["clock", "directory", "make", "open_store", "reader", "sink", "store"]
