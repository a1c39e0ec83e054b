"""A record of what is recorded, as in the tests of the room below."""

from __future__ import annotations

from tests.unit.instrument.conftest import record as record
