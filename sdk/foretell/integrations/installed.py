"""What is installed here, by distribution: names of modules and entry points say less."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

VersionOf = Callable[[str], str | None]
"""The installed version of a distribution; None where it is not installed."""


def find_version(distribution: str) -> str | None:
    """The version of a distribution in this interpreter, without importing anything of it."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def is_supported(found: str, supports: str) -> bool:
    """Whether a version is in a range such as `>=1.26,<4`; a version that nobody can read is given a chance."""
    if not supports:
        return True
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(supports).contains(found, prereleases=True)
    except InvalidVersion:
        return True
