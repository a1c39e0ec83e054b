"""What an image brings along that docker-compose.yml does not say: its program, its user, and the folders that it owns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Image:
    """One image: the server in it, where it stands there, and who runs it."""

    server: str
    entry_point: str
    user: int
    owned: tuple[str, ...] = ()
    """Folders whose owner a fresh volume takes over."""


IMAGES = {
    "otel/opentelemetry-collector-contrib": Image("otelcol", "/otelcol-contrib", 10001),
    "jaegertracing/jaeger": Image("jaeger", "/cmd/jaeger/jaeger-linux", 10001),
    "grafana/tempo": Image("tempo", "/tempo", 10001, ("/var/tempo",)),
    "prom/prometheus": Image("prometheus", "/bin/prometheus", 65534, ("/prometheus",)),
    "prom/alertmanager": Image("alertmanager", "/bin/alertmanager", 65534, ("/alertmanager",)),
    "grafana/loki": Image("loki", "/usr/bin/loki", 10001, ("/loki",)),
}


def image_of(name: str) -> Image | None:
    """What we know of `prom/prometheus:v3.14.0`; None for what has no native server."""
    return IMAGES.get(name.rpartition(":")[0])
