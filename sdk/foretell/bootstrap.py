"""The one place that builds and connects: `init()` is a list of parts, `shutdown()` the same list backwards."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.errors import FAULTS, ForetellError, SettingError, guard
from foretell.instrument import state

if TYPE_CHECKING:
    from foretell.cost.prices import PriceFunction
    from foretell.settings import Content, Settings
    from foretell.setup.running import Extensions, Running

_LOCK = threading.RLock()
_running: Running | None = None


def init(
    service_name: str | None = None,
    *,
    store: str | Path | None = None,
    otlp_endpoint: str | None = None,
    content: Content | None = None,
    isolated: bool | None = None,
    integrations: str | Sequence[str] | None = None,
    actions: Mapping[str, str] | None = None,
    price_function: PriceFunction | None = None,
    redaction_functions: Sequence[Callable[[str], str]] = (),
    **settings: Any,
) -> None:
    """Start recording. A second call changes nothing; `shutdown()` undoes it.

    `store` is the directory of the embedded store (`.foretell`), `otlp_endpoint` the collector's base URL, `content`
    says where prompts, arguments and results go: `none`, `local` (the default: into the store, redacted) or `export`.
    `isolated=True` keeps to a private provider and context. Every other setting may be given by its name; what is not
    given comes from the environment (`FORETELL_…`, `OTEL_…`), `foretell.toml`, or its default. An unknown name or a
    wrong value raises `SettingError`; anything else that fails is said once, and the program goes on.
    `price_function` is asked for the price of each inference before any list (see `foretell.cost.prices`);
    `redaction_functions` get every text and return what may be kept of it, after the built-in rules.
    """
    global _running
    given = {
        "service_name": service_name,
        "store": store,
        "otlp_endpoint": otlp_endpoint,
        "content": content,
        "isolated": isolated,
        "integrations": integrations,
        "actions": actions,
        **settings,
    }
    with _LOCK:
        if _running is None:
            _running = _begin(given, price_function, redaction_functions)


def _begin(
    given: Mapping[str, Any], price_function: PriceFunction | None, redaction_functions: Sequence[Callable[[str], str]]
) -> Running | None:
    """Read the settings and start; only what the user typed wrong is raised."""
    from foretell.settings import load_settings, read_environment
    from foretell.setup.running import Extensions

    try:
        loaded = load_settings(given, environment := read_environment(), Path.cwd())
        extensions = Extensions(price_function, tuple(redaction_functions))
    except SettingError:
        raise
    except Exception as error:
        FAULTS.note("init", error)
        return None
    if loaded.sdk_disabled:
        return None
    return _start_safely(loaded, environment, extensions)


def flush(timeout_s: float = 30.0) -> bool:
    """Write and send everything that has ended by now; False when time ran out."""
    running = _running
    return running.worker.drain(timeout_s) if running is not None else True


def shutdown() -> None:
    """Flush, stop recording, and leave no thread and no patch behind. `init()` may be called again."""
    from foretell.logs.setup import teardown_logging

    global _running
    with _LOCK:
        running, _running = _running, None
        with guard("shutdown.logging"):
            teardown_logging()
        if running is None:
            return
        from foretell.setup.takedown import take_down

        take_down(running)


def current() -> Running | None:
    """What is running now, for `foretell doctor` and the command line."""
    return _running


def _start_safely(settings: Settings, environment: Mapping[str, str], extensions: Extensions) -> Running | None:
    """Start, or take down what was built so far: what is wrong with us is no reason to stop the program."""
    from foretell.export.counts import Counts
    from foretell.setup.running import Running
    from foretell.setup.takedown import take_down

    running = Running(settings, Counts(), extensions)
    FAULTS.clear()
    try:
        _start(running, environment)
    except BaseException as error:
        take_down(running)
        if isinstance(error, SettingError) or not isinstance(error, Exception):
            raise  # a price file, a sampler, a pattern: what was asked for cannot be had
        if isinstance(error, ForetellError):
            FAULTS.warn("init", f"Nothing is recorded: {error}")
        else:
            FAULTS.note("init", error)
        return None
    return running


def _start(running: Running, environment: Mapping[str, str]) -> None:
    from foretell.instrument.carriers import join_parent
    from foretell.instrument.otel.provider import GLOBAL
    from foretell.setup import connecting, exporting, parts

    existing = None if running.settings.isolated else GLOBAL.existing()
    running.is_attached = existing is not None
    parts.open_store(running)
    is_wanted = existing is None or connecting.is_endpoint_ours(running.settings)
    exporting.build_exporter(running, environment, is_wanted=is_wanted)
    parts.build_runtime(running)
    exporting.start_endpoint(running)
    connecting.connect_provider(running, existing)
    connecting.hook_lifecycle(running, _after_fork)
    running.context_joined = join_parent(environment, is_private=running.settings.isolated)
    state.current = running.runtime
    connecting.switch_on_integrations(running, environment)


def _after_fork() -> None:
    from foretell.setup.parts import renew_resource

    global _LOCK
    _LOCK = threading.RLock()  # another thread of the parent may have held it
    running = _running
    if running is None or running.runtime is None:
        return
    runtime = running.runtime
    runtime.ids.reseed()
    runtime.pid = os.getpid()
    running.is_child = True
    runtime.worker.after_fork(lambda: renew_resource(running))
    for part in (running.exporter, running.endpoint, running.probe):
        if part is not None:
            part.after_fork()
    running.counts.reset()
