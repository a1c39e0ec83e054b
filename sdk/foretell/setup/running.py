"""Everything that `init()` built, so that `shutdown()` can take it down and `foretell doctor` can look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from foretell.errors import FAULTS, ForetellError

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

    from foretell.cost.prices import PriceFunction
    from foretell.export.counts import Counts
    from foretell.export.endpoints import Endpoint
    from foretell.export.exporter import Exporter
    from foretell.export.metrics.otel_meter import MeterBridge
    from foretell.export.metrics.prometheus import PullEndpoint
    from foretell.export.metrics.registry import Metrics
    from foretell.export.metrics.sink import Observer
    from foretell.instrument.gates.gate import Gates
    from foretell.instrument.otel.foreign import ForeignSpans
    from foretell.instrument.otel.provider import OwnProvider
    from foretell.instrument.runtime import Runtime
    from foretell.instrument.work.lifecycle import Lifecycle
    from foretell.instrument.work.refining import Refiner
    from foretell.instrument.work.worker import Worker
    from foretell.integrations.switching import Switchboard
    from foretell.privacy.redactor import Redactor
    from foretell.settings import Settings
    from foretell.store.store import Store
    from foretell.watchdog.engine import Watchdog
    from foretell.watchdog.probes.process import ProcessProbe


@dataclass(frozen=True, slots=True)
class Extensions:
    """The program's own functions on the road of a call."""

    price_function: PriceFunction | None = None
    """Asked for each price before any list."""
    redaction_functions: tuple[Callable[[str], str], ...] = ()
    """Get every text and return what may be kept of it."""


@dataclass(slots=True)
class Running:
    """Everything that `init()` built, so that `shutdown()` can take it down."""

    settings: Settings
    counts: Counts
    extensions: Extensions = Extensions()
    store: Store | None = None
    exporter: Exporter | None = None
    endpoint: PullEndpoint | None = None
    runtime: Runtime | None = None
    provider: OwnProvider | None = None
    foreign: ForeignSpans | None = None
    switchboard: Switchboard | None = None
    """The integrations that are on or wait for their library."""
    refiner: Refiner | None = None
    resource: Resource | None = None
    redactor: Redactor | None = None
    identity_key: bytes = b""
    """Under which equal calls have equal identities."""
    probe: ProcessProbe | None = None
    watchdog: Watchdog | None = None
    gates: Gates | None = None
    """Where runs are halted and paused."""
    bridge: MeterBridge | None = None
    metrics: Metrics | None = None
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    """Signal → where it goes, for `foretell doctor`."""
    lifecycle: Lifecycle | None = None
    is_attached: bool = False
    is_child: bool = False
    """True in a process that was forked after `init()`."""
    context_joined: tuple[Any, Any] | None = None
    """The context before `init()` and the one it made current, where a parent process handed over a run."""
    store_dropped: Callable[[], Mapping[str, int]] = dict
    """What the store could not keep, by reason."""
    save_counts: Callable[[], object] = dict
    """Writes the self-counts once more, after everything else has ended."""
    observers: list[Observer] = field(default_factory=list)
    """Set gauges before each export of metrics."""
    problems: list[str] = field(default_factory=list)
    """What could not be set up, in words, for `foretell doctor`."""

    def integrations_off(self) -> None:
        """Leave every library as it was."""
        board, self.switchboard = self.switchboard, None
        if board is not None:
            from foretell.integrations import objects

            objects.board = None
            board.switch_off()

    @property
    def worker(self) -> Worker:
        """The worker of this set-up."""
        assert self.runtime is not None
        return self.runtime.worker

    def note(self, part: str, error: Exception) -> None:
        """A part could not be set up: say it once, keep it for `foretell doctor`, go on."""
        from foretell.store.trouble import name_trouble

        self.problems.append(f"{part}: {error}")
        trouble = name_trouble(error)
        if trouble is not None:
            FAULTS.warn(trouble, str(error))
        elif isinstance(error, ForetellError):
            FAULTS.warn(f"init.{part}", str(error))
        else:
            FAULTS.note(f"init.{part}", error)
