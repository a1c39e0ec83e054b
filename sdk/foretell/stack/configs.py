"""Whether every file that the services are given is there, can be read by them, and can be understood."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from foretell.stack.compose import Compose
from foretell.stack.model import Mount, Service
from foretell.stack.problems import Problem

YAML_ENDINGS = (".yml", ".yaml")
HEAD = "name: check\nservices: {check: {image: check}}\n"
"""What makes a compose document of any YAML that is put below a key of it."""


def check_files(services: Iterable[Service], directory: Path, compose: Compose, origin: str) -> Iterator[Problem]:
    """Yield what is wrong with the mounted files; `origin` says where a sound one is to be had."""
    found: dict[Path, str] = {}
    for service in services:
        for mount in service.mounts:
            if not mount.source.exists():
                # Docker would make an empty folder of that name, and the service would fail with a riddle.
                yield Problem(service.name, _show(mount.source, directory), "is not there", origin)
                continue
            yield from _check_named(service, mount, directory, origin)
            for path in _list_files(mount.source):
                found.setdefault(path, service.name)
    yield from check_contents(found, directory, compose, origin)


def check_contents(files: dict[Path, str], directory: Path, compose: Compose, origin: str) -> Iterator[Problem]:
    """Yield a problem for each of the files (with the service that has it) that cannot be read or understood."""
    texts: dict[Path, str] = {}
    for path, service in files.items():
        place = _show(path, directory)
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeError) as error:
            yield Problem(service, place, f"cannot be read ({error})", origin)
            continue
        if not path.stat().st_mode & 0o004:
            text = "cannot be read by the user in the container"
            yield Problem(service, place, text, f"Type: chmod -R a+rX {_show(path.parent, directory)}")
        elif path.suffix == ".json":
            if said := _check_json(text):
                yield Problem(service, *_locate(place, said), _say_fix(origin))
        elif path.suffix in YAML_ENDINGS:
            texts[path] = text
    for path, said in find_broken(texts, compose).items():
        yield Problem(files[path], *_locate(_show(path, directory), said), _say_fix(origin))


def find_broken(texts: dict[Path, str], compose: Compose) -> dict[Path, tuple[str, int]]:
    """Find the YAML that cannot be parsed: what is wrong, and in which line."""
    # All in one go while all is well; a quote that is never closed would be blamed on the next file.
    if not texts or compose.parse(wrap(texts.values())).code == 0:
        return {}
    answers = {path: compose.parse(wrap([text])) for path, text in texts.items()}
    return {
        path: read_complaint(answer.complaint, len(texts[path].splitlines()))
        for path, answer in answers.items()
        if answer.code != 0
    }


def wrap(texts: Iterable[str]) -> str:
    """Put YAML texts below keys of one compose document; what they mean does not change by being further in."""
    document = HEAD
    for number, text in enumerate(texts):
        document += f"x-{number}:\n"
        for at, line in enumerate(text.splitlines()):
            if line.rstrip() == "---":  # another document: it gets a key of its own, in the same line
                document += f"x-{number}-{at}:\n"
            elif line.startswith(("%", "...")):
                document += "#\n"
            else:
                document += f"  {line}\n"
    return document


def read_complaint(said: str, line_count: int) -> tuple[str, int]:
    """Read what the parser said of a text that stood below `HEAD` and one key: what is wrong, and the line in the text.

    Of several lines the last is where it was noticed.
    """
    before = HEAD.count("\n") + 1
    lines = [int(number) - before for number in re.findall(r"line (\d+)", said)]
    reason = re.sub(r"^.*?yaml: (construct errors:\s*)?", "", said)
    reason = re.sub(r"(while [a-z ]+ at )?line \d+(, column \d+)?: ", "", reason)
    reason = re.sub(r"line (\d+)", lambda match: f"line {max(int(match[1]) - before, 1)}", reason)
    return reason, max(min(max(lines, default=1), line_count), 1)


def _check_named(service: Service, mount: Mount, directory: Path, origin: str) -> Iterator[Problem]:
    """Yield a problem for each file below the mount that the service's command names and that is not there."""
    root = PurePosixPath(mount.target)
    for word in service.words:
        for name in re.findall(r"(?:^|=)(/[\w./-]+\.\w+)$", word):
            if root in PurePosixPath(name).parents:
                path = mount.source / PurePosixPath(name).relative_to(root)
                if not path.exists():
                    yield Problem(service.name, _show(path, directory), "is not there", origin)


def _check_json(text: str) -> tuple[str, int] | None:
    try:
        json.loads(text)
    except ValueError as error:
        return getattr(error, "msg", str(error)), getattr(error, "lineno", 1)
    return None


def _list_files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
    else:
        yield from sorted(path for path in source.rglob("*") if path.is_file())


def _locate(place: str, said: tuple[str, int]) -> tuple[str, str]:
    return f"{place}:{said[1]}", f"cannot be parsed ({said[0]})"


def _say_fix(origin: str) -> str:
    return f"Mend that line. {origin}"


def _show(path: Path, directory: Path) -> str:
    try:
        return path.relative_to(directory).as_posix() or "."
    except ValueError:
        return str(path)
