"""Runs the services of docker-compose.yml natively, each as it would run in its container.

A service gets a folder that looks like its container (its own files, volumes, hosts) and a network namespace of its own
on a bridge, so that it has its own arguments, environment, user, ports and paths, unchanged. It needs root; nothing
listens outside those namespaces.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stack.images import ROOT, Image, image_of
from tests.support.native_servers import find_server

# In a mount namespace of its own, which `ip netns exec` makes: the host's programs and devices, then the service's root.
ENTER = (
    'root=$1 user=$2; shift 2; for d in usr dev proc etc/alternatives; do mount --rbind "/$d" "$root/$d"; done; '
    'exec chroot --userspec="$user" "$root" "$@"'
)


@dataclass(slots=True)
class Service:
    """One service that runs: its folder, its address, and how to ask it how it is."""

    name: str
    image: Image
    spec: Mapping[str, Any]
    root: Path
    namespace: str
    address: str
    check: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The container's whole command, its program found where we have put it."""
        entry = list(self.spec.get("entrypoint") or [self.image.entry_point])
        return [self._own(word) for word in (*entry, *self.spec.get("command", ()))]

    def start(self) -> None:
        """Start it; what it says goes to `said` in its folder."""
        with (self.root / "said").open("ab") as said:
            self.process = subprocess.Popen(
                self._inside(self.command()), env=self.environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL
            )

    def is_healthy(self) -> bool:
        """Ask by the health check that docker-compose.yml declares."""
        if self.process is None or self.process.poll() is not None:
            return False
        command = self._inside([self._own(word) for word in self.check])
        asked = subprocess.run(command, env=self.environment, capture_output=True, check=False)
        return asked.returncode == 0

    def ask_to_stop(self) -> None:
        """Ask it to end; `stop` waits for that."""
        if self.process is not None:
            self.process.terminate()

    def stop(self, *, kill: bool = False) -> None:
        """End it, by force if asked for or if it takes longer than ten seconds."""
        if self.process is None:
            return
        self.process.kill() if kill else self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def said(self) -> str:
        """The last of what it said, for a message."""
        return (self.root / "said").read_text("utf-8", "replace")[-3000:]

    def _inside(self, command: list[str]) -> list[str]:
        user = f"{self.image.user}:{self.image.user}"
        return ["ip", "netns", "exec", self.namespace, "sh", "-ec", ENTER, "sh", str(self.root), user, *command]

    def _own(self, word: str) -> str:
        return f"/servers/{self.image.server}" if word == self.image.entry_point else word


class Stack:
    """The services of some compose files, on a bridge of their own; use it in a `with`."""

    def __init__(self, spec: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> None:
        number = os.getpid()
        self.spec = spec
        self.folder = folder
        self.environment = environment
        self.tag = f"ft{number % 100000}"
        self.subnet = f"10.218.{number % 250}"
        self.host = f"{self.subnet}.1"
        """Our own address there, which containers know as host.docker.internal."""
        self.services: dict[str, Service] = {}
        self.told: list[dict[str, Any]] = []
        """What a webhook on our side was told."""

    def __enter__(self) -> Stack:
        try:
            self._link_bridge()
            for place, (name, spec) in enumerate(sorted(self.spec["services"].items())):
                image = image_of(spec["image"])
                if image and find_server(image.server):
                    self.services[name] = self._prepare(name, spec, image, place + 2)
            self._write_hosts()
            self._own_volumes()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for service in self.services.values():
            service.ask_to_stop()
        for service in self.services.values():
            service.stop(kill=True)
            _run("ip", "netns", "del", service.namespace, check=False)
        _run("ip", "link", "del", self.tag, check=False)

    def start(self, timeout_s: float = 90) -> None:
        """Start all, and wait until each is healthy."""
        for service in self.services.values():
            service.start()
        for service in self.services.values():
            self.wait_for(service, timeout_s)

    def wait_for(self, service: Service, timeout_s: float = 90) -> None:
        """Wait until it is healthy; where it is not, say what it said."""
        until = time.monotonic() + timeout_s
        while not service.is_healthy():
            if time.monotonic() > until or (service.process and service.process.poll() is not None):
                raise AssertionError(f"{service.name} is not healthy. It said:\n{service.said()}")
            time.sleep(0.3)

    def url(self, name: str, port: int) -> str:
        """The address of a service's port, as its container has it."""
        return f"http://{self.services[name].address}:{port}"

    def _prepare(self, name: str, spec: Mapping[str, Any], image: Image, place: int) -> Service:
        """Give a service its namespace, its address and a folder that looks like its container."""
        address = f"{self.subnet}.{place}"
        namespace, outer = f"{self.tag}-{place}", f"{self.tag}v{place}"
        _run("ip", "netns", "add", namespace)
        _run("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _run("ip", "link", "set", outer, "master", self.tag, "up")
        for words in (f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            _run("ip", "-n", namespace, *words.split())
        root = self.folder / name
        service = Service(name, image, spec, root, namespace, address, self._check_of(name))
        service.environment = {
            "PATH": "/servers:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/tmp",
            **self._environment_of(spec),
        }
        server = find_server(image.server)
        assert server is not None
        _furnish(root, server)
        for source, target in _mounts_of(spec):
            _place(source, root, target, image)
        return service

    def _check_of(self, name: str) -> list[str]:
        """A service's own health check, or that of the service that asks in its place."""
        services = self.spec["services"]
        asker = services[name] if "healthcheck" in services[name] else services[f"{name}-health"]
        return list(asker["healthcheck"]["test"][1:])

    def _environment_of(self, spec: Mapping[str, Any]) -> dict[str, str]:
        return {name: interpolate(str(value), self.environment) for name, value in spec.get("environment", {}).items()}

    def _link_bridge(self) -> None:
        _run("ip", "link", "add", self.tag, "type", "bridge")
        _run("ip", "addr", "add", f"{self.host}/24", "dev", self.tag)
        _run("ip", "link", "set", self.tag, "up")

    def _write_hosts(self) -> None:
        lines = ["127.0.0.1 localhost", f"{self.host} host.docker.internal"]
        lines += [f"{service.address} {name}" for name, service in self.services.items()]
        for service in self.services.values():
            (service.root / "etc" / "hosts").write_text("\n".join(lines) + "\n", "utf-8")

    def _own_volumes(self) -> None:
        """Do what the services that only give volumes their owners do."""
        for spec in self.spec["services"].values():
            command = spec.get("command", [])
            if command[:1] != ["chown"]:
                continue
            for service in self.services.values():
                paths = [service.root / path.lstrip("/") for path in command if path.startswith("/")]
                _run("chown", "-R", command[2], *(str(path) for path in paths if path.exists()), check=False)


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """Put variables into their places as compose does; a required one that is missing raises with its sentence."""

    def value_of(place: re.Match[str]) -> str:
        name, rule, word = place["name"], place["rule"], place["word"]
        value = environment.get(name, "")
        if value or not rule:
            return value
        if rule == ":?":
            raise LookupError(f"{name} {word}")
        return str(word)

    return re.sub(r"\$\{(?P<name>\w+)(?:(?P<rule>:[?-])(?P<word>[^}]*))?\}", value_of, text).replace("$$", "$")


def _mounts_of(spec: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    for mount in spec.get("volumes", ()):
        source, target = mount.split(":")[:2]
        yield (source if source.startswith(".") else None), target
    for mount in spec.get("tmpfs", ()):
        yield None, mount.partition(":")[0]


def _furnish(root: Path, server: Path) -> None:
    for name in ("usr", "dev", "proc", "etc/alternatives", "tmp", "servers"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").chmod(0o1777)
    (root / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n", "utf-8")
    try:
        os.link(server, root / "servers" / server.name)
    except OSError:
        shutil.copy2(server, root / "servers" / server.name)


def _place(source: str | None, root: Path, target: str, image: Image) -> None:
    """A file or folder of ours is copied; a volume is an empty folder, root's unless the image owns one there."""
    path = root / target.lstrip("/")
    if source is None:
        path.mkdir(parents=True, exist_ok=True)
        if target in image.owned or target.startswith("/run/"):
            os.chown(path, image.user, image.user)
    elif (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, path, dirs_exist_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / source, path)


def _run(*command: str, check: bool = True) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")


def missing_servers(names: Iterable[str]) -> list[str]:
    """Which of these servers are not there."""
    return [name for name in names if find_server(name) is None]
