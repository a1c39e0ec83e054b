"""Where settings come from: arguments, the environment, and the file that a project keeps."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from foretell.errors import SettingError
from foretell.setting_types import HEADERS, Setting

PREFIX = "FORETELL_"
EXTRA_PREFIXES = ("FORETELL_TRIGGER_", "FORETELL_CARRIED_")
"""Variables that other tables own: the limits of triggers, and what `child_env` carries into a subprocess."""
OF_THE_STACK = (
    *("FORETELL_ALERT_", "FORETELL_DEADMAN_URL", "FORETELL_GRAFANA_", "FORETELL_JAEGER_URL", "FORETELL_LOGS_ENDPOINT"),
    *("FORETELL_METRICS_ENDPOINT", "FORETELL_SERVERS", "FORETELL_TRACES_", "FORETELL_VERSION"),
)
"""Beginnings of variables that the stack and its tools read: whoever has set one for them may record all the same."""

Table = Mapping[str, Setting]


class Source(str, Enum):
    """Where a value came from; the earlier one wins."""

    ARGUMENT = "argument"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of one value, and its name there: a variable, or a file."""

    source: Source
    place: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether somebody told Foretell, and not every OpenTelemetry of the process."""
        return self.source is not Source.DEFAULT and not self.place.startswith("OTEL_")

    def __str__(self) -> str:
        """For people: `environment FORETELL_STORE`."""
        return f"{self.source.value} {self.place}".rstrip()


DEFAULT = Origin(Source.DEFAULT)


@dataclass(frozen=True, slots=True)
class Given:
    """A raw value, its origin, and the directory that a relative path in it starts from."""

    value: Any
    origin: Origin
    base: Path


def from_arguments(table: Table, arguments: Mapping[str, Any], directory: Path) -> Iterator[tuple[str, Given]]:
    """Yield what was passed in Python; None means not passed."""
    for name, value in arguments.items():
        if name not in table:
            raise SettingError(f"There is no setting {name!r}.{suggest(name, table)}")
        if value is not None:
            yield name, Given(value, Origin(Source.ARGUMENT, name), directory)


def from_environment(table: Table, environ: Mapping[str, str], directory: Path) -> Iterator[tuple[str, Given]]:
    """Yield what variables say; empty ones are as good as unset, as OpenTelemetry has it."""
    own = {row.env[0] for row in table.values()}
    filled = {name: value for name, value in environ.items() if value.strip()}
    for name, value in filled.items():
        if name.startswith(EXTRA_PREFIXES):
            yield name, Given(value, Origin(Source.ENVIRONMENT, name), directory)
        elif name.startswith(PREFIX) and name not in own and not name.startswith(OF_THE_STACK):
            raise SettingError(f"There is no setting for the variable {name}.{suggest(name, own)}")
    if name_given := _service_name_in_resource(filled):
        yield "service_name", Given(name_given, Origin(Source.ENVIRONMENT, "OTEL_RESOURCE_ATTRIBUTES"), directory)
    for row in table.values():
        if variable := next((name for name in row.env if name in filled), None):
            yield row.name, Given(filled[variable], Origin(Source.ENVIRONMENT, variable), directory)


def _service_name_in_resource(filled: Mapping[str, str]) -> str | None:
    try:
        pairs: Mapping[str, str] = HEADERS.read(filled.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    except ValueError:
        return None  # refused where the setting itself is read
    return pairs.get("service.name")


def from_file(table: Table, directory: Path) -> Iterator[tuple[str, Given]]:
    """Yield what the nearest settings file upwards from `directory` says."""
    found = find_settings_file(directory)
    if found is None:
        return
    path, ours = found
    origin = Origin(Source.FILE, str(path))
    for name, value in flatten(ours, frozenset(row.name for row in table.values() if row.type.is_mapping)):
        variable = PREFIX + name.upper()
        if variable.startswith(EXTRA_PREFIXES):
            yield variable, Given(value, origin, path.parent)
        elif name in table:
            yield name, Given(value, origin, path.parent)
        else:
            raise SettingError(f"There is no setting {name!r}, which stands in {path}.{suggest(name, table)}")


def read_value(row: Setting, given: Given) -> Any:
    """The typed value; SettingError in one sentence where it cannot be one."""
    if given.value is None:
        return None
    try:
        value = row.type.read(given.value)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise SettingError(_say_wrong(row, given)) from error
    return given.base / value if isinstance(value, Path) else value


def _say_wrong(row: Setting, given: Given) -> str:
    source, place = given.origin.source, given.origin.place
    where = {
        Source.ARGUMENT: f"The argument {row.name!r}",
        Source.ENVIRONMENT: f"The variable {place}",
        Source.FILE: f"The setting {row.name!r} in {place}",
        Source.DEFAULT: f"The default of {row.name!r}",
    }[source]
    if row.is_secret:
        return f"{where} cannot be read: it must be {row.type.meaning}."
    hint = suggest(str(given.value).lower(), row.type.words)
    return f"{where} is {given.value!r}, but must be {row.type.meaning}.{hint}"


def suggest(name: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known name, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def find_settings_file(directory: Path) -> tuple[Path, dict[str, Any]] | None:
    """The nearest file upwards from `directory` and its table for us; None where no file speaks of us."""
    for folder in (directory, *directory.parents):
        own, shared = folder / "foretell.toml", folder / "pyproject.toml"
        if (text := _read_file(own)) is not None:
            return own, _parse(text, own)
        # Other tools own this file too: its text is looked at first, so that their mistakes stay theirs.
        if (text := _read_file(shared)) is not None and "tool.foretell" in text:
            table = _parse(text, shared).get("tool", {}).get("foretell")
            if isinstance(table, dict):
                return shared, table
    return None


def flatten(table: Mapping[str, Any], whole: frozenset[str], stem: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings of nested tables by joined name: `[otlp] endpoint` is `otlp_endpoint`.

    A table whose name is in `whole` is a value itself.
    """
    for key, value in table.items():
        name = stem + key.replace("-", "_")
        if isinstance(value, Mapping) and name not in whole:
            yield from flatten(value, whole, f"{name}_")
        else:
            yield name, value


def _read_file(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        if path.name == "pyproject.toml":
            return None
        raise SettingError(f"{path} cannot be read: {error}.") from error


def _parse(text: str, path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{path} is not valid TOML: {error}.") from error
