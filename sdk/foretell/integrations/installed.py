"""What is installed here, by distribution: names of modules and entry points say less."""

from __future__ import annotations

import operator
import os
import re
import sys
from collections.abc import Callable, Mapping

_RELATIONS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
OURS = "opentelemetry-api"
"""What is always installed where we are."""
_INFO = re.compile(r"(?P<name>[^-]+)(?:-(?P<version>[^-]+)(?:-.*)?)?\.(?:dist|egg)-info")
VersionOf = Callable[[str], str | None]
"""The installed version of a distribution; None where it is not installed."""


Versions = Mapping[str, str | None]
"""Distribution in lower case, with hyphens → version; None where its folder's name does not say it."""

_listed: dict[str, tuple[int, Versions]] = {}


def find_version(distribution: str) -> str | None:
    """The version of a distribution in this interpreter, without importing anything of it.

    By the names of folders beside the modules: `importlib.metadata` reads a file for each, a third of a second for all.
    """
    name = _normalize(distribution)
    is_known = False
    for folder in sys.path:
        versions = _list_versions(folder or ".")
        if name in versions:
            return versions[name] or _ask_metadata(distribution)
        is_known = is_known or OURS in versions
    return None if is_known else _ask_metadata(distribution)  # frozen programs have no such folders


def _list_versions(folder: str) -> Versions:
    """What is installed in one folder of `sys.path`, looked at again when something was installed there."""
    try:
        changed_ns = os.stat(folder).st_mtime_ns  # noqa: PTH116 - Path takes many times as long
        known = _listed.get(folder)
        if known is None or known[0] != changed_ns:
            found = filter(None, map(_INFO.fullmatch, os.listdir(folder)))  # noqa: PTH208 - as above
            known = _listed[folder] = (changed_ns, {_normalize(one["name"]): one["version"] for one in found})
    except OSError:  # no folder
        return {}
    return known[1]


def _normalize(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _ask_metadata(distribution: str) -> str | None:
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
