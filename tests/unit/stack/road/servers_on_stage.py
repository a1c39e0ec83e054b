"""A stack that is played: a collector that hands on what it gets, and stores that show it, all in one dictionary."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from foretell.stack.road.http import Reply
from foretell.stack.road.probe import STORES
from foretell.stack.road.servers import SERVERS

NAMES = {urlsplit(server.url).port: server.name for server in SERVERS}
REFUSED = Reply(0, reason="connection refused")


class Stage:
    """Answers as the servers do. `down` is silent, `lost` arrives nowhere, `numbers` are Prometheus's by a part of the query."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.lost: set[str] = set()
        self.numbers: dict[str, float] = {}
        self.refusal: Reply | None = None
        self.sent: dict[str, Any] = {}
        self.now_s = 0.0
        self.slowness_s = 0.0
        self.asked: list[str] = []

    def fetch(self, url: str, body: Any = None) -> Reply:
        parts = urlsplit(url)
        name = NAMES[parts.port]
        self.asked.append(url)
        if name in self.down:
            return REFUSED
        if name == "otel-collector":
            return self._take(parts.path, body)
        if parts.path.startswith("/api/traces/") or parts.path.endswith(("/query", "/query_range")):
            return self._show(name, parts.path, unquote(parse_qs(parts.query).get("query", [""])[0]))
        return Reply(200, "ready")

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def _take(self, path: str, body: Any) -> Reply:
        if body and self.refusal is not None:
            return self.refusal
        if body:
            self.sent[path.rpartition("/")[2]] = body
        return Reply(200, '{"partialSuccess":{}}')

    def _show(self, name: str, path: str, query: str) -> Reply:
        for part, number in self.numbers.items():
            if part in query:
                return Reply(200, json.dumps({"data": {"result": [{"value": [0, str(number)]}]}}))
        if "otelcol_" in query or name in self.lost or self.now_s < self.slowness_s:
            return Reply(404, "not found") if name in ("jaeger", "tempo") else Reply(200, '{"data":{"result":[]}}')
        return Reply(200, json.dumps(self._found(name, path, query)))

    def _found(self, name: str, path: str, query: str) -> dict[str, Any]:
        sent = json.dumps(self.sent.get(STORES[name], {}))
        if name in ("jaeger", "tempo"):
            held = path.rpartition("/")[2] in sent
            return {"data": [{"spans": [1]}] if held else []} if name == "jaeger" else {"batches": [1] if held else []}
        wanted = re.search(r'trace_id="(\w+)"|>= ([\d.]+)', query)
        assert wanted is not None, query
        return {"data": {"result": [{"value": [0, "1"]}] if (wanted[1] or wanted[2]) in sent else []}}
