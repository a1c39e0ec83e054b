"""The same measurements for other SDKs: `make bench-peers`, or `python bench/peers/run.py --rounds 5 --only hot`.

Each peer is installed into an environment of its own under .cache/peers, with its declared dependencies only. The figures
are written to docs/reference/overhead.md.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from bench.page import write_page
from bench.rounds import Variant, run_rounds
from bench.run import finish, read_plan
from bench.table import sum_up

PAGE = ROOT / "docs" / "reference" / "overhead.md"


@dataclass(frozen=True)
class Peer:
    """One other SDK."""

    name: str
    requirements: tuple[str, ...]
    imports: str

    @property
    def module(self) -> str:
        """The module with its `start`."""
        return f"bench.peers.{self.name.replace('-', '_')}_peer"


PEERS = (
    Peer(
        "openinference",
        ("openinference-instrumentation", "opentelemetry-exporter-otlp-proto-http"),
        "import openinference.instrumentation",
    ),
    # httpx is imported but not declared by traceloop-sdk.
    Peer("traceloop", ("traceloop-sdk", "httpx"), "import traceloop.sdk"),
    Peer("logfire", ("logfire",), "import logfire"),
    Peer("langfuse", ("langfuse",), "import langfuse"),
    Peer("mlflow", ("mlflow-tracing", "opentelemetry-exporter-otlp-proto-http"), "import mlflow"),
    Peer("agentops", ("agentops",), "import agentops"),
)


def set_up(peer: Peer) -> Variant | None:
    """The peer as a variant, or None where it cannot be installed or has no adapter yet."""
    if not (Path(__file__).parent / f"{peer.module.rpartition('.')[2]}.py").exists():
        print(f"{peer.name}: no adapter yet", file=sys.stderr)
        return None
    venv = ROOT / ".cache" / "peers" / peer.name
    if not (venv / ".ready").exists():
        command = [str(ROOT / "tools" / "set_up.sh"), str(venv), sys.executable, *peer.requirements]
        if subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr).returncode != 0:
            print(f"{peer.name}: cannot be installed here", file=sys.stderr)
            return None
        (venv / ".ready").touch()
    return Variant(peer.name, peer.module, peer.imports, str(venv / "bin" / "python"))


def main(arguments: list[str]) -> int:
    """Set up, run, print."""
    plan, path = read_plan(arguments, extra=[peer.name for peer in PEERS])
    peers = [variant for peer in PEERS if peer.name in plan.extra and (variant := set_up(peer))]
    plan = replace(plan, variants=(*plan.variants, *peers))
    rows = run_rounds(plan)
    write_page(PAGE, sum_up(rows), plan.variants, plan.rounds)
    return finish(rows, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
