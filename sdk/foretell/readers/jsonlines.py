"""Reads files of OTLP JSON lines, such as the collector's `file` exporter and `foretell export` write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from foretell.model.call import Call
from foretell.model.run import Run, RunQuery, RunSummary
from foretell.readers.grouping import make_calls, name_services, sum_up
from foretell.readers.otlp_json import read_spans
from foretell.readers.protocol import Abilities, RunNotFound

_ABILITIES = Abilities(
    finds_by_agent=True,
    finds_by_session=True,
    finds_by_outcome=True,
    finds_by_text=True,
    finds_by_time=True,
    has_content=True,
)


class JsonLinesReader:
    """Fetches runs from files. All of them are read at the first question and kept in memory."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Read from `files`; spans of one trace may stand in several of them."""
        self._files = tuple(files)
        self._calls: dict[str, list[Call]] | None = None
        self._summaries: list[RunSummary] = []
        self._service_names: dict[str, str] = {}

    def abilities(self) -> Abilities:
        """Everything that a finished file can hold."""
        return _ABILITIES

    def find_runs(self, query: RunQuery) -> Iterator[RunSummary]:
        """Yield matching runs, newest first; raises `MalformedLine` where a file cannot be read."""
        calls = self._loaded()
        matching = (run for run in self._summaries if _matches(run, calls[run.id], query))
        for _, run in zip(range(query.limit), matching, strict=False):
            yield run

    def load_run(self, run_id: str) -> Run:
        """Fetch a run with all its calls; `RunNotFound` if no file has it."""
        calls = self._loaded()
        for summary in self._summaries:
            if summary.id == run_id:
                return Run(summary, tuple(calls[run_id]))
        raise RunNotFound(f"There is no run {run_id!r} in {', '.join(map(str, self._files))}.")

    def load_blob(self, sha256: str) -> bytes | None:
        """Files keep no blobs."""
        return None

    def all_calls(self) -> list[Call]:
        """Every call of every run, for `import_calls`."""
        return [call for calls in self._loaded().values() for call in calls]

    def service_names(self) -> dict[str, str]:
        """Run id → name of the service that recorded its root."""
        self._loaded()
        return self._service_names

    def _loaded(self) -> dict[str, list[Call]]:
        if self._calls is None:
            spans = [span for file in self._files for span in read_spans(file)]
            made = make_calls(spans)
            self._service_names = name_services(spans, made)
            by_run: dict[str, list[Call]] = {}
            for call in made:
                by_run.setdefault(call.run_id, []).append(call)
            self._summaries = sum_up([call for calls in by_run.values() for call in calls], self._service_names)
            self._calls = by_run
        return self._calls


def _matches(run: RunSummary, calls: Sequence[Call], query: RunQuery) -> bool:
    return (
        (not query.id_prefix or run.id.startswith(query.id_prefix.lower()))
        and (query.session_id is None or run.session_id == query.session_id)
        and (query.outcome is None or run.outcome is query.outcome)
        and (query.since_ns is None or run.start_ns >= query.since_ns)
        and (query.until_ns is None or run.start_ns <= query.until_ns)
        and (query.agent_name is None or _has_agent(run, calls, query.agent_name))
        and (not query.text or any(_holds(call, query.text) for call in calls))
    )


def _has_agent(run: RunSummary, calls: Sequence[Call], name: str) -> bool:
    return run.agent_name == name or any(call.kind.value == "agent" and call.name == name for call in calls)


def _holds(call: Call, text: str) -> bool:
    """True when one call holds every word."""
    texts = [call.name]
    if call.error is not None:
        texts += [call.error.type, call.error.message]
    texts += [payload.text for payload in (call.input_payload, call.output_payload) if payload is not None]
    held = "\n".join(texts).lower()
    return all(word in held for word in text.lower().split())
