"""Every setting in one table: what it does, its default, and where its value came from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from foretell.errors import SettingError
from foretell.setting_sources import (
    DEFAULT,
    PREFIX,
    Given,
    Origin,
    Source,
    from_arguments,
    from_environment,
    from_file,
    read_value,
    suggest,
)
from foretell.setting_types import (
    HEADERS,
    LEVEL,
    NUMBER,
    OTEL_TRUTH,
    PAIRS,
    PATH,
    SIZE,
    TEXT,
    TRUTH,
    WHOLE,
    WORDS,
    Setting,
    SettingType,
    duration_in,
    one_of,
    pairs_to,
)

__all__ = ["SETTINGS", "Origin", "Setting", "Settings", "Source", "find_setting", "load_settings", "read_environment"]

T = TypeVar("T")
Content = Literal["none", "local", "export"]
NO_PAIRS: Mapping[str, str] = MappingProxyType({})


def setting(default: T, kind: SettingType, help: str, *env: str, is_secret: bool = False) -> T:
    """Make a row of the table out of a dataclass field; `env` are OpenTelemetry's variables for it."""
    row = {"type": kind, "default": default, "help": help, "env": env, "is_secret": is_secret}
    # By a factory, since dataclasses take a read-only mapping for a mutable default before Python 3.12.
    made: T = field(default_factory=lambda: default, metadata=row)
    return made


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The effective settings: one typed field each. The fields are the table (`SETTINGS` lists them)."""

    # Who is recorded, and where it goes
    service_name: str = setting(
        "unknown_service:python", TEXT, "Name of the program in every trace, metric and log.", "OTEL_SERVICE_NAME"
    )
    store: Path = setting(Path(".foretell"), PATH, "Directory of the embedded store.")
    isolated: bool = setting(False, TRUTH, "Keep to a private provider and context, beside the application's own.")
    integrations: tuple[str, ...] = setting(
        ("auto",), WORDS, "Frameworks to instrument: auto (what is installed), none, or their names."
    )
    integrations_off: tuple[str, ...] = setting(
        (), WORDS, "Frameworks to leave alone.", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
    )
    expected_agents: tuple[str, ...] = setting((), WORDS, "Agents that must be there; silence of one is `agent_down`.")
    actions: Mapping[str, str] = setting(
        NO_PAIRS, pairs_to("log", "pause", "halt", "off"), "What a trigger does when it fires: agent_loop=halt."
    )

    pause_limit_s: float = setting(3_600.0, duration_in("s"), "A paused run waits no longer than this.")
    pause_then: str = setting(
        "continue", one_of("continue", "halt"), "What a paused run does when nobody has resumed it in time."
    )
    callback_limit_s: float = setting(
        10.0, duration_in("s"), "A function of `on_finding` that takes longer is said to hang."
    )
    webhook_url: str | None = setting(
        None, TEXT, "Findings are posted to this URL, in the form of Alertmanager's webhooks.", is_secret=True
    )

    # Components
    watchdog_on: bool = setting(True, TRUTH, "Judge triggers in the process while agents run.")
    store_on: bool = setting(True, TRUTH, "Keep calls in the embedded store.")
    metrics_on: bool = setting(True, TRUTH, "Count and measure.")
    spans_on: bool = setting(True, TRUTH, "Export calls as spans.")
    logs_on: bool = setting(True, TRUTH, "Export log records and findings.")
    sdk_disabled: bool = setting(False, OTEL_TRUTH, "Record nothing at all.", "OTEL_SDK_DISABLED")

    # Content
    content: Content = setting(
        "local", one_of("none", "local", "export"), "Prompts, arguments and results: nowhere, in the store, or sent."
    )
    capture_inputs: bool = setting(True, TRUTH, "Record what goes into a call (a decorator may differ).")
    capture_outputs: bool = setting(True, TRUTH, "Record what comes out of a call (a decorator may differ).")
    payload_inline_bytes: int = setting(16 * 2**10, SIZE, "Longest content kept in place; longer becomes a blob.")
    payload_blob_bytes: int = setting(10 * 2**20, SIZE, "Longest content kept at all; the rest is cut off.")
    redaction: bool = setting(True, TRUTH, "Replace secrets and personal data before anything is kept.")
    redaction_off: tuple[str, ...] = setting((), WORDS, "Redaction rules that are not applied.")
    redaction_patterns: Mapping[str, str] = setting(NO_PAIRS, PAIRS, "Own redaction rules: name=pattern (RE2 syntax).")
    redaction_keys: tuple[str, ...] = setting((), WORDS, "Names in mappings whose whole value is replaced.")
    redaction_allowed: tuple[str, ...] = setting((), WORDS, "Texts that no rule replaces.")
    min_duration_ms: float = setting(
        0.0, duration_in("ms"), "Calls shorter than this are counted, not kept; runs, agents and failures always are."
    )
    legacy_metrics: bool = setting(False, TRUTH, "Also emit the conventions' older metric names.")

    # Money
    price_file: Path | None = setting(None, PATH, "TOML file with own prices, which win over the price list.")
    budget_run_usd: float | None = setting(None, NUMBER, "A run may not cost more.")
    budget_day_usd: float | None = setting(None, NUMBER, "A day may not cost more.")
    budget_month_usd: float | None = setting(None, NUMBER, "A month may not cost more.")

    # Limits
    queue_max_items: int = setting(32_768, WHOLE, "Finished calls that may wait for the worker.")
    queue_max_bytes: int = setting(
        16 * 2**20, SIZE, "Memory that finished calls may take while they wait for the worker."
    )
    retention_days: float = setting(30.0, duration_in("d"), "Runs older than this leave the store.")
    retention_bytes: int = setting(10**9, SIZE, "Above this size the oldest runs leave the store.")
    flush_timeout_s: float = setting(5.0, duration_in("s"), "How long shutdown waits for the last batch.")

    # Log lines
    log_level: str = setting("info", LEVEL, "Least severity that `setup_logging()` records.", "OTEL_LOG_LEVEL")
    log_format: str = setting(
        "auto", one_of("auto", "console", "json"), "Form of its lines on the console; auto: JSON unless on a terminal."
    )

    # Exporters
    traces_exporter: tuple[str, ...] = setting(
        ("otlp",), WORDS, "Where spans go: otlp, console, none.", "OTEL_TRACES_EXPORTER"
    )
    metrics_exporter: tuple[str, ...] = setting(
        ("otlp",), WORDS, "Where metrics go: otlp, prometheus, console, none.", "OTEL_METRICS_EXPORTER"
    )
    logs_exporter: tuple[str, ...] = setting(
        ("otlp",), WORDS, "Where logs go: otlp, console, none.", "OTEL_LOGS_EXPORTER"
    )
    prometheus_host: str = setting("127.0.0.1", TEXT, "Address of the pull endpoint.", "OTEL_EXPORTER_PROMETHEUS_HOST")
    prometheus_port: int = setting(9464, WHOLE, "Port of the pull endpoint.", "OTEL_EXPORTER_PROMETHEUS_PORT")
    metric_interval_ms: float = setting(
        60_000.0, duration_in("ms"), "Time between two exports of metrics.", "OTEL_METRIC_EXPORT_INTERVAL"
    )
    metric_timeout_ms: float = setting(
        30_000.0, duration_in("ms"), "Longest export of metrics.", "OTEL_METRIC_EXPORT_TIMEOUT"
    )

    otlp_file: Path | None = setting(None, PATH, "Also write every call to this file, as OTLP JSON lines.")

    # OTLP
    otlp_endpoint: str | None = setting(
        None, TEXT, "Base URL of the collector; nothing is sent without one.", "OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    otlp_traces_endpoint: str | None = setting(
        None, TEXT, "Full URL for spans, where it differs.", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )
    otlp_metrics_endpoint: str | None = setting(
        None, TEXT, "Full URL for metrics, where it differs.", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
    )
    otlp_logs_endpoint: str | None = setting(
        None, TEXT, "Full URL for logs, where it differs.", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"
    )
    otlp_protocol: str = setting(
        "http/protobuf", one_of("http/protobuf", "http/json", "grpc"), "OTLP transport.", "OTEL_EXPORTER_OTLP_PROTOCOL"
    )
    otlp_headers: Mapping[str, str] = setting(
        NO_PAIRS, HEADERS, "Headers of each request to the collector.", "OTEL_EXPORTER_OTLP_HEADERS", is_secret=True
    )
    otlp_timeout_s: float = setting(
        10.0, duration_in("s"), "Longest request to the collector, retries included.", "OTEL_EXPORTER_OTLP_TIMEOUT"
    )
    otlp_compression: str = setting(
        "none", one_of("none", "gzip", "deflate"), "Compression of requests.", "OTEL_EXPORTER_OTLP_COMPRESSION"
    )
    otlp_certificate: Path | None = setting(
        None, PATH, "Certificates that the collector's own is checked against.", "OTEL_EXPORTER_OTLP_CERTIFICATE"
    )
    otlp_client_key: Path | None = setting(
        None, PATH, "Our private key, where the collector asks for one.", "OTEL_EXPORTER_OTLP_CLIENT_KEY"
    )
    otlp_client_certificate: Path | None = setting(
        None, PATH, "Our certificate for that key.", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"
    )
    otlp_temporality: str = setting(
        "cumulative",
        one_of("cumulative", "delta", "lowmemory"),
        "Whether counters tell sums or differences.",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    )

    # OpenTelemetry's SDK
    traces_sampler: str = setting("parentbased_always_on", TEXT, "Which traces become spans.", "OTEL_TRACES_SAMPLER")
    traces_sampler_arg: str | None = setting(None, TEXT, "Argument of the sampler.", "OTEL_TRACES_SAMPLER_ARG")
    propagators: tuple[str, ...] = setting(
        ("tracecontext", "baggage"), WORDS, "How context travels over HTTP.", "OTEL_PROPAGATORS"
    )
    resource_attributes: Mapping[str, str] = setting(
        NO_PAIRS, HEADERS, "What else is known of the program.", "OTEL_RESOURCE_ATTRIBUTES"
    )
    bsp_delay_ms: float = setting(
        5_000.0, duration_in("ms"), "Longest wait of a span for its batch.", "OTEL_BSP_SCHEDULE_DELAY"
    )
    bsp_queue_items: int = setting(2_048, WHOLE, "Spans that may wait for export.", "OTEL_BSP_MAX_QUEUE_SIZE")
    bsp_batch_items: int = setting(2_048, WHOLE, "Most spans in one request.", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE")
    bsp_timeout_ms: float = setting(
        30_000.0, duration_in("ms"), "Longest export of a batch.", "OTEL_BSP_EXPORT_TIMEOUT"
    )
    span_attribute_limit: int = setting(
        128, WHOLE, "Most attributes of a span.", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"
    )
    span_value_chars_limit: int | None = setting(
        None,
        WHOLE,
        "Longest text of an attribute.",
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    )
    span_event_limit: int = setting(128, WHOLE, "Most events of a span.", "OTEL_SPAN_EVENT_COUNT_LIMIT")
    span_link_limit: int = setting(128, WHOLE, "Most links of a span.", "OTEL_SPAN_LINK_COUNT_LIMIT")

    # What is no setting of ours
    otel: Mapping[str, str] = field(default_factory=dict)
    """Every `OTEL_*` variable as it was."""
    extras: Mapping[str, str] = field(default_factory=dict)
    """Values that other tables own, by variable name (`FORETELL_TRIGGER_…`)."""
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def origin_of(self, name: str) -> Origin:
        """Where the value of the setting or extra of that name came from."""
        return self.origins.get(name, DEFAULT)

    def show(self, name: str) -> str:
        """The value for people, a secret one without itself."""
        row, value = find_setting(name), getattr(self, name)
        if row.is_secret and value:
            return f"({len(value)} hidden)"
        return show_value(value)


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(
        name=item.name,
        type=item.metadata["type"],
        default=item.metadata["default"],
        help=item.metadata["help"],
        env=(PREFIX + item.name.upper(), *item.metadata["env"]),
        is_secret=item.metadata["is_secret"],
    )
    for item in fields(Settings)
    if item.metadata
)
_BY_NAME = {row.name: row for row in SETTINGS}


def find_setting(name: str) -> Setting:
    """The row of that name; SettingError with the nearest name where there is none."""
    if name not in _BY_NAME:
        raise SettingError(f"There is no setting {name!r}.{suggest(name, _BY_NAME)}")
    return _BY_NAME[name]


def show_value(value: Any) -> str:
    """A setting's value as one would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ",".join(f"{name}={item}" for name, item in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)


def read_environment() -> dict[str, str]:
    """A copy of the process's environment; the one place that reads it."""
    return dict(os.environ)


@contextmanager
def lend_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables while a block runs, for what other libraries read only there; afterwards all is as it was."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def hand_down(values: Mapping[str, str], path: Path) -> None:
    """Set variables for the processes that this one starts, and put a directory first on their PYTHONPATH."""
    others = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != str(path)]
    os.environ.update(values)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(path), *others])


def list_handed_down() -> dict[str, str]:
    """Variables by which a process is recorded too that is started without this one's; empty where nobody wants that.

    Secrets are not among them: whoever leaves the environment out does not trust the process with it.
    """
    path = str(Path(__file__).parent / "autostart" / "on_path")
    if path not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        return {}
    secret = {variable for row in SETTINGS if row.is_secret for variable in row.env}
    found = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("FORETELL_", "OTEL_")) and name not in secret and not name.endswith("_HEADERS")
    }
    return {**found, "PYTHONPATH": path}


def load_settings(arguments: Mapping[str, Any], environ: Mapping[str, str], directory: Path) -> Settings:
    """The effective settings of a program that runs in `directory`.

    Arguments (None: not given) win over the environment, that over `foretell.toml` or `[tool.foretell]` found
    upwards from `directory`, that over defaults. An unknown name or a wrong value raises SettingError.
    """
    given = {name: Given(row.default, DEFAULT, directory) for name, row in _BY_NAME.items()}
    given.update(from_file(_BY_NAME, directory))
    given.update(from_environment(_BY_NAME, environ, directory))
    given.update(from_arguments(_BY_NAME, arguments, directory))
    return Settings(
        **{name: read_value(row, given[name]) for name, row in _BY_NAME.items()},
        otel=MappingProxyType({name: value for name, value in environ.items() if name.startswith("OTEL_")}),
        extras=MappingProxyType({name: str(item.value) for name, item in given.items() if name not in _BY_NAME}),
        origins=MappingProxyType({name: item.origin for name, item in given.items()}),
    )
