"""Grafana's password: made once, kept in `.env`, shown to nobody."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

NAME = "GRAFANA_PASSWORD"
_LINE = re.compile(rf"^[ \t]*(?:export[ \t]+)?{NAME}[ \t]*=[ \t]*(?P<value>.*)$", re.MULTILINE)


def has_password(file: Path, environ: Mapping[str, str]) -> bool:
    """Say whether `docker compose` would find one, in the environment or in the file."""
    return bool(environ.get(NAME) or _read(file))


def make_password(file: Path) -> None:
    """Write a new one into the file, which from then on only its owner can read; the rest of it stays."""
    text = file.read_text("utf-8") if file.exists() else ""
    others = "".join(line for line in text.splitlines(keepends=True) if not _LINE.match(line))
    if others and not others.endswith("\n"):
        others += "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(f"{others}{NAME}={secrets.token_urlsafe(18)}\n")
    part.chmod(0o600)
    part.replace(file)


def _read(file: Path) -> str:
    """Return the last value in the file, as compose reads it; empty where there is none."""
    if not file.exists():
        return ""
    values = [match["value"].strip().strip("'\"") for match in _LINE.finditer(file.read_text("utf-8"))]
    return values[-1] if values else ""
