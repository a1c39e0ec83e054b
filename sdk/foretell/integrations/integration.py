"""What is known of one framework: how programs import it, who can instrument it, and where its calls can be held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from foretell.instrument.otel.foreign import ForeignSpans

INSTRUMENTORS = ("opentelemetry", "openinference")
"""Packages of instrumentors, which import frameworks: while they do, they are not whole themselves."""


class Origin(str, Enum):
    """Who wrote an instrumentor, best first."""

    NATIVE = "native"
    FORETELL = "foretell"
    OTEL = "opentelemetry"
    OPENLLMETRY = "openllmetry"
    OPENINFERENCE = "openinference"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What an instrumentor is given: where its spans and metrics go, and whether contents are wanted."""

    tracer_provider: TracerProvider
    meter_provider: MeterProvider
    """Takes everything and keeps nothing: we make metrics of the spans, and theirs would double them."""
    has_content: bool
    """False with `content="none"`: then nothing may be read that is only kept to be dropped."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The process's, as it was when recording began."""
    foreign: Callable[[], ForeignSpans | None] = lambda: None
    """Who takes in spans of others: it knows which of them are an agent's work."""


Undo = Callable[[], object]
"""Takes a switch back: every attribute is what it was before."""
LEAVE = "foretell.integrations.integration:leave"
Start = Callable[[Wiring], Undo]
"""Switches on what a framework itself offers, or what we wrote for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way to have a framework instrumented.

    `distribution` is what pip installs, since entry-point names clash: four distributions call theirs `openai`. It is
    empty for what needs no further package (native, or our own); then `path` names a `Start` function.
    """

    origin: Origin
    path: str
    """`package.module:Class` of an OpenTelemetry instrumentor, or `package.module:function`."""
    distribution: str = ""
    supports: str = ""
    """Versions of the framework that it was made for, as pip writes them; empty for all."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of its `instrument()`."""

    @property
    def is_unasked(self) -> bool:
        """True where the framework makes spans whoever asks."""
        return self.path == LEAVE


@dataclass(frozen=True, slots=True)
class GatePoint:
    """A method of a client that sends a request: a held run stops in front of it."""

    module: str
    path: str
    """`Class.method` inside that module, or a function; one that this version does not have is passed over."""
    is_meant: Callable[[Any], bool] | None = None
    """Where one method sends requests of other kinds too: whether the client that it belongs to asks a model."""


@dataclass(frozen=True, slots=True)
class Other:
    """A product's own way to tell of a client's calls, which is no instrumentor that we could choose."""

    module: str
    """Loaded where a program uses it, and only there."""
    twin: str = ""
    """Scope of its spans, where they do not become current: what is inside the call then does not stand inside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """One framework. Each file of `clients/`, `frameworks/` and `protocols/` has one, called INTEGRATION."""

    name: str
    """What users type, and the extra's name."""
    title: str
    """What people call it."""
    distribution: str
    """Whose version is compared; the framework counts as installed when this is."""
    module: str
    """What must be imported before anything is patched; its first part names the package."""
    candidates: tuple[Candidate, ...]
    """Who can instrument it, best first; at most one is switched on."""
    used: tuple[str, ...] = ()
    """Modules of which one is loaded when it is first used, where importing it loads next to nothing: then it is patched."""
    family: tuple[str, ...] = ()
    """Packages during whose import nothing is patched, beside the module's own: instrumentors import across them."""
    proof: str = ""
    """An attribute of the module that tells it from somebody else's module of that name."""
    gates: tuple[GatePoint, ...] = ()
    scopes: tuple[str, ...] = ()
    """Names under which it makes spans of itself unasked; where nobody wants those, they are not made."""
    others: tuple[Other, ...] = ()
    """Who else may tell of the same calls. With any named, ours stays on beside them and beside instrumentors of the
    program's, and only we hear of it; without, it is silent where the program has switched on another."""
    also: tuple[str, ...] = ()
    """Further distributions of which any means that the framework is installed."""

    @property
    def package(self) -> str:
        """The top-level package that programs import."""
        return self.module.partition(".")[0]

    @property
    def packages(self) -> tuple[str, ...]:
        """Every package whose import has to be over before anything is patched."""
        return (self.package, *self.family, *INSTRUMENTORS)


def otel(distribution: str, path: str, supports: str = "", **options: Any) -> Candidate:
    """An instrumentor of OpenTelemetry's own GenAI collection."""
    return Candidate(origin=Origin.OTEL, distribution=distribution, path=path, supports=supports, options=options)


def openllmetry(name: str, class_name: str, supports: str = "", **options: Any) -> Candidate:
    """OpenLLMetry's instrumentor of that name."""
    return Candidate(
        origin=Origin.OPENLLMETRY,
        distribution=f"opentelemetry-instrumentation-{name}",
        path=f"opentelemetry.instrumentation.{name.replace('-', '_')}:{class_name}",
        supports=supports,
        options=options,
    )


def openinference(name: str, class_name: str, supports: str = "", **options: Any) -> Candidate:
    """OpenInference's instrumentor of that name."""
    return Candidate(
        origin=Origin.OPENINFERENCE,
        distribution=f"openinference-instrumentation-{name}",
        path=f"openinference.instrumentation.{name.replace('-', '_')}:{class_name}",
        supports=supports,
        options=options,
    )


def native(path: str, supports: str = "") -> Candidate:
    """What the framework tells of itself, switched on by the function at `path`."""
    return Candidate(origin=Origin.NATIVE, path=path, supports=supports)


def unasked() -> Candidate:
    """The framework itself, which makes spans with whatever provider there is."""
    return native(LEAVE)


def leave(wiring: Wiring) -> Undo:
    """Change nothing."""
    return lambda: None


def own(path: str, supports: str = "") -> Candidate:
    """What we wrote ourselves, because nobody else did or theirs is wrong."""
    return Candidate(origin=Origin.FORETELL, path=path, supports=supports)
