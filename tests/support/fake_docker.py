"""A `docker` to put on PATH: it notes what it was asked to do, and knows compose files well enough to print what they mean.

Its state is a folder (the first argument, which the wrapper on PATH gives): `calls` holds a line of JSON for each call;
`says.json` holds answers that a test wants instead, by words that occur in the call: exit code, output, complaint.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import yaml


def main(state: Path, words: list[str]) -> int:
    """Answer one call."""
    with (state / "calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(words) + "\n")
    line = " ".join(words)
    for key, (code, out, err) in json.loads((state / "says.json").read_text("utf-8")).items():
        if key in line:
            sys.stdout.write(out)
            sys.stderr.write(err)
            return int(code)
    if "version" in words:
        print("2.39.1")
    elif "info" in words:
        print(json.dumps({"ServerVersion": "28.2.2", "DockerRootDir": str(state)}))
    elif "config" in words:
        return parse(sys.stdin.read()) if "--no-interpolate" in words else print_model(words)
    elif words[:2] == ["volume", "inspect"]:
        return 1
    elif "up" in words:
        print(" Container foretell-loki-1  Healthy", file=sys.stderr)
    return 0


def parse(document: str) -> int:
    """Read YAML as compose does, and complain as it does."""
    try:
        yaml.safe_load(document)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        print(f"failed to parse: yaml: line {line}: {error.problem}", file=sys.stderr)
        return 15
    return 0


def print_model(words: list[str]) -> int:
    """Print the merged services in compose's long form."""
    directory = Path(words[words.index("--project-directory") + 1])
    files = [words[at + 1] for at, word in enumerate(words) if word == "-f"]
    profiles = {words[at + 1] for at, word in enumerate(words) if word == "--profile"}
    try:
        texts = [interpolate(Path(file).read_text("utf-8"), read_variables(directory)) for file in files]
        services: dict[str, dict[str, Any]] = {}
        for text in texts:
            for name, spec in yaml.safe_load(text)["services"].items():
                services[name] = {**services.get(name, {}), **spec}
    except (yaml.YAMLError, LookupError) as error:
        print(error, file=sys.stderr)
        return 15
    chosen = {name: spec for name, spec in services.items() if set(spec.get("profiles", ())) <= profiles}
    print(
        json.dumps({"name": "foretell", "services": {name: lengthen(spec, directory) for name, spec in chosen.items()}})
    )
    return 0


def read_variables(directory: Path) -> dict[str, str]:
    """What `.env` says, and over it the environment."""
    file = directory / ".env"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return {**dict(line.split("=", 1) for line in lines if "=" in line), **os.environ}


def interpolate(text: str, variables: dict[str, str]) -> str:
    """Put variables into their places; a required one that is missing raises."""

    def give(place: re.Match[str]) -> str:
        value = variables.get(place[1], "")
        if not value and place[2] == ":?":
            raise LookupError(f"required variable {place[1]} is missing a value: {place[3]}")
        return value or (place[3] or "" if place[2] == ":-" else "")

    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return re.sub(r"\$\{(\w+)(?:(:[?-])([^}]*))?\}", give, "\n".join(lines))


def lengthen(spec: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Write ports and mounts out in full."""
    ports = [
        dict(zip(("host_ip", "published", "target"), port.split(":"), strict=True)) for port in spec.get("ports", ())
    ]
    volumes = []
    for mount in spec.get("volumes", ()):
        source, target = mount.split(":")[:2]
        is_bind = source.startswith(".")
        place = os.path.normpath(directory / source) if is_bind else source
        volumes.append({"type": "bind" if is_bind else "volume", "source": place, "target": target})
    return {**spec, "ports": ports, "volumes": volumes}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
