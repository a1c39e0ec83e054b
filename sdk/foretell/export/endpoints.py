"""Says where each signal goes, from settings under OpenTelemetry's own names. Pure: reads a mapping, builds nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from foretell.errors import SettingError

SIGNALS: Final = ("traces", "metrics", "logs")
EXPORTERS: Final = {
    "traces": ("otlp", "console", "none"),
    "metrics": ("otlp", "console", "none", "prometheus"),
    "logs": ("otlp", "console", "none"),
}
PROTOCOLS: Final = ("http/protobuf", "http/json", "grpc")
COMPRESSIONS: Final = ("none", "gzip", "deflate")
DEFAULT_HTTP: Final = "http://localhost:4318"
DEFAULT_GRPC: Final = "http://localhost:4317"
DEFAULT_TIMEOUT_S: Final = 10.0
# The specification counts milliseconds, the official Python SDK seconds. Nobody waits a quarter of an hour for one request.
LONGEST_TIMEOUT_S: Final = 999.0
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one signal is sent, and how."""

    url: str
    """With the signal's path; for gRPC without."""
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    timeout_s: float = DEFAULT_TIMEOUT_S
    """For one batch, retries included."""
    compression: str = "none"
    protocol: str = "http/protobuf"
    signal: str = "traces"
    certificate: str | None = None
    client_key: str | None = None
    client_certificate: str | None = None


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much is collected before it is sent."""

    batch_items: int = 2_048
    """A request costs half a millisecond whatever is in it, and collectors take it all the same."""
    age_s: float = 1.0
    max_bytes: int = 32 * 2**20
    max_items: int = 1 << 20


def read_endpoint(signal: str, values: Mapping[str, str]) -> Endpoint:
    """Where `traces`, `metrics` or `logs` go, by `OTEL_EXPORTER_OTLP_…` in `values`.

    A signal's own variable wins over the general one; its own endpoint is used as it is, the general one gets
    `/v1/<signal>`. A value that cannot be read raises `SettingError`.
    """
    protocol = _choice(signal, values, "PROTOCOL", PROTOCOLS, "http/protobuf")
    return Endpoint(
        url=_url(signal, values, protocol),
        headers=parse_headers(_value(signal, values, "HEADERS") or ""),
        timeout_s=_timeout(signal, values),
        compression=_choice(signal, values, "COMPRESSION", COMPRESSIONS, "none"),
        protocol=protocol,
        signal=signal,
        certificate=_value(signal, values, "CERTIFICATE"),
        client_key=_value(signal, values, "CLIENT_KEY"),
        client_certificate=_value(signal, values, "CLIENT_CERTIFICATE"),
    )


def is_given(signal: str, values: Mapping[str, str]) -> bool:
    """True where an endpoint was named for the signal; without one nothing is sent."""
    return _value(signal, values, "ENDPOINT") is not None


def read_exporters(signal: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The exporters of a signal by `OTEL_<SIGNAL>_EXPORTER`; empty for `none` and where `OTEL_SDK_DISABLED` is true."""
    if values.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ()
    name = f"OTEL_{signal.upper()}_EXPORTER"
    chosen = [word.strip().lower() for word in (values.get(name) or "otlp").split(",") if word.strip()]
    for word in chosen:
        if word not in EXPORTERS[signal]:
            raise _refusal(name, word, EXPORTERS[signal])
    return () if "none" in chosen else tuple(dict.fromkeys(chosen))


def read_limits(values: Mapping[str, str]) -> BatchLimits:
    """Batch sizes by `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` and `OTEL_BSP_SCHEDULE_DELAY` (milliseconds)."""
    default = BatchLimits()
    delay_ms = _number("OTEL_BSP_SCHEDULE_DELAY", values, default.age_s * 1000)
    batch = int(_number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", values, default.batch_items))
    return BatchLimits(batch_items=max(1, batch), age_s=max(0.0, delay_ms / 1000))


def read_proxies(values: Mapping[str, str]) -> dict[str, str]:
    """Proxies by scheme, and under `no` the hosts to reach without one, by `HTTPS_PROXY` and its kin."""
    found = {}
    for scheme in ("http", "https", "all", "no"):
        name = f"{scheme}_proxy"
        # In a CGI program HTTP_PROXY is a header that the caller set: there only the small name is trusted.
        is_cgi = scheme == "http" and "REQUEST_METHOD" in values
        if value := values.get(name) or ("" if is_cgi else values.get(name.upper())):
            found[scheme] = value
    return found


def choose_proxy(url: str, proxies: Mapping[str, str]) -> str | None:
    """The proxy through which to reach `url`; None for the direct way."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    for entry in proxies.get("no", "").lower().split(","):
        name = entry.strip().partition(":")[0].lstrip(".*")
        if entry.strip() == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return None
    return proxies.get(parts.scheme) or proxies.get("all")


def parse_headers(text: str) -> dict[str, str]:
    """Read `key=value,key=value` with values URL-encoded; names in small letters. Raises `SettingError`."""
    headers: dict[str, str] = {}
    for pair in text.split(","):
        if not pair.strip():
            continue
        name, equals, value = pair.partition("=")
        name, value = unquote(name.strip()).lower(), unquote(value.strip())
        # A decoded line break would be a header of its own.
        if not equals or not name.strip() or not (name + value).isprintable():
            # The value may be a key: it is not repeated here.
            raise SettingError(
                f"OTEL_EXPORTER_OTLP_HEADERS: {len(headers) + 1}. entry is no header.\n"
                "Write: OTEL_EXPORTER_OTLP_HEADERS='name=value,other=value', special characters as %20."
            )
        headers[name.strip()] = value.strip()
    return headers


def _url(signal: str, values: Mapping[str, str], protocol: str) -> str:
    own_name, name = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
    own = (values.get(own_name) or "").strip()
    base = own or (values.get(name) or "").strip() or (DEFAULT_GRPC if protocol == "grpc" else DEFAULT_HTTP)
    if protocol == "grpc" and "://" not in base:
        return base
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(
            f"{own_name if own else name}={base!r} is no URL of a collector.\n"
            f"Write the whole of it, for instance: {DEFAULT_HTTP}"
        )
    return base if own or protocol == "grpc" else f"{base.rstrip('/')}/v1/{signal}"


def _timeout(signal: str, values: Mapping[str, str]) -> float:
    own_name = f"OTEL_EXPORTER_OTLP_{signal.upper()}_TIMEOUT"
    name = own_name if values.get(own_name) else "OTEL_EXPORTER_OTLP_TIMEOUT"
    timeout = _number(name, values, DEFAULT_TIMEOUT_S)
    return timeout / 1000 if timeout > LONGEST_TIMEOUT_S else timeout


def _number(name: str, values: Mapping[str, str], default: float) -> float:
    text = (values.get(name) or "").strip()
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise SettingError(f"{name}={text!r} is no number above 0.\nWrite for instance: {name}={default:g}")
    return number


def _choice(signal: str, values: Mapping[str, str], word: str, choices: tuple[str, ...], default: str) -> str:
    chosen = (_value(signal, values, word) or default).strip().lower()
    if chosen not in choices:
        raise _refusal(f"OTEL_EXPORTER_OTLP_{word}", chosen, choices)
    return chosen


def _value(signal: str, values: Mapping[str, str], word: str) -> str | None:
    own = values.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_{word}")
    return own or values.get(f"OTEL_EXPORTER_OTLP_{word}") or None


def _refusal(name: str, given: str, choices: tuple[str, ...]) -> SettingError:
    from difflib import get_close_matches

    near = get_close_matches(given, choices, 1) or choices[:1]
    return SettingError(f"{name}={given!r} is not one of {', '.join(choices)}.\nWrite for instance: {name}={near[0]}")
