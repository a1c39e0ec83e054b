"""Everything that is looked at before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from foretell.stack import checkers, configs, docker, password, ports
from foretell.stack.commands import Commands
from foretell.stack.compose import Choice, Compose
from foretell.stack.files import Place, settle
from foretell.stack.model import Service, read_services
from foretell.stack.problems import Problem


@dataclass(frozen=True, slots=True)
class Machine:
    """What is asked of this machine."""

    commands: Commands
    listen: ports.Listen = ports.try_listening
    free: docker.Free = docker.measure_free


@dataclass(slots=True)
class Preparation:
    """What was found, and what to start it by."""

    compose: Compose
    problems: list[Problem] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Files of the stack that you changed, and that an upgrade left alone."""
    has_images: bool = False
    """Without them the servers could not be asked about their configuration."""
    has_new_password: bool = False
    has_old_grafana: bool = False
    """Its data are from before that password: it knows another one."""


def prepare(
    machine: Machine, place: Place, choice: Choice, environ: Mapping[str, str], *, may_fetch: bool = True
) -> Preparation:
    """Bring the files to their place, make a password where there is none, and look at everything.

    Where nothing else is wrong the servers themselves are asked about their configuration; without `may_fetch` only if
    their images are there.
    """
    preparation = Preparation(Compose(machine.commands, place, choice))
    problem = docker.check_program(machine.commands)
    if problem is not None:
        preparation.problems.append(problem)
        return preparation
    try:
        _settle(preparation, machine.commands, place, environ)
    except OSError as error:
        advice = "Make it writable for yourself."
        text = f"cannot be written ({error.strerror or error})"
        preparation.problems.append(Problem("docker", str(error.filename or place.directory), text, advice))
        return preparation
    preparation.problems.extend(_look(preparation, machine, place))
    if not preparation.problems:
        preparation.problems.extend(_ask_servers(preparation, place, may_fetch=may_fetch))
    return preparation


def _settle(preparation: Preparation, commands: Commands, place: Place, environ: Mapping[str, str]) -> None:
    preparation.kept = settle(place)
    if not password.has_password(place.env_file, environ):
        preparation.has_old_grafana = _has_grafana(commands)
        password.make_password(place.env_file)
        preparation.has_new_password = True


def _has_grafana(commands: Commands) -> bool:
    return commands.ask(["docker", "volume", "inspect", "foretell_grafana-data"]).code == 0


def _look(preparation: Preparation, machine: Machine, place: Place) -> Iterator[Problem]:
    info = docker.look_at_engine(machine.commands)
    if isinstance(info, Problem):
        yield info
    answer = preparation.compose.read_model()
    try:
        preparation.services = read_services(answer.out) if answer.code == 0 else []
        complaint = answer.complaint if answer.code != 0 else ""
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        complaint = f"{type(error).__name__}: {error}"
    if complaint:
        advice = "Mend it, or write what it asks for into .env beside it."
        yield Problem("docker", str(place.compose_file), complaint.strip().rstrip("."), advice)
        return
    yield from configs.check_files(preparation.services, place.directory, preparation.compose, _say_origin(place))
    running = preparation.compose.list_containers() if isinstance(info, dict) else []
    ours = frozenset(port for one in running if one.state == "running" for port in one.ports)
    yield from ports.find_taken(preparation.services, ours, machine.listen, machine.commands)
    if isinstance(info, dict):
        preparation.has_images = docker.has_images(preparation.services, machine.commands)
        yield from docker.check_room(info, machine.free, has_all_images=preparation.has_images)


def _ask_servers(preparation: Preparation, place: Place, *, may_fetch: bool) -> Iterator[Problem]:
    compose = preparation.compose
    if not preparation.has_images:
        if not may_fetch:
            return
        if (code := compose.fetch_images()) != 0:
            text = f"could not be fetched (docker compose pull ended with {code})"
            yield Problem("docker", "images", text, "What it said stands above; is the registry reachable from here?")
            return
        preparation.has_images = True
    yield from checkers.ask_servers(preparation.services, place.directory, compose, _say_origin(place))


def _say_origin(place: Place) -> str:
    if place.source is None:
        return "A sound copy: git checkout -- FILE"
    return f"A sound copy is in {place.source}"
