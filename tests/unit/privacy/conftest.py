"""What the tests of this room share."""

from __future__ import annotations

import pytest

from foretell.privacy.redactor import Redactor


@pytest.fixture(scope="session")
def redactor() -> Redactor:
    """The rules as they are without any setting."""
    return Redactor()
