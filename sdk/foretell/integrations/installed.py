"""What is installed here, by distribution: names of modules and entry points say less."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

_RELATIONS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
VersionOf = Callable[[str], str | None]
"""The installed version of a distribution; None where it is not installed."""


def find_version(distribution: str) -> str | None:
    """The version of a distribution in this interpreter, without importing anything of it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def is_supported(found: str, supports: str) -> bool:
    """Whether a version is in a range such as `>=1.26,<4`; a version that nobody can read is given a chance.

    By hand: loading `packaging` takes longer than all else at the start, and the ranges are our own.
    """
    version = read_release(found)
    for part in filter(None, supports.split(",")):
        relation = next(relation for relation in _RELATIONS if part.startswith(relation))
        bound = read_release(part[len(relation) :])
        longest = max(len(version), len(bound))
        padded = [(*numbers, *(0,) * (longest - len(numbers))) for numbers in (version, bound)]
        if version and not _RELATIONS[relation](*padded):
            return False
    return True


def read_release(text: str) -> tuple[int, ...]:
    """The numbers of a version: `2.0.0rc1` is 2, 0, 0."""
    found = re.match(r"\d+(?:\.\d+)*", text.strip())
    return tuple(int(number) for number in found.group().split(".")) if found else ()
