"""Which instrumentor serves a framework: at most one, the best that is installed, and why the others are not used."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass, replace

from foretell.integrations.installed import VersionOf, find_version, is_supported
from foretell.integrations.integration import Candidate, Integration, Origin
from foretell.version import __version__

MAX_CHARACTERS = 200
"""Of a reason why an instrumentor failed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that is not used, and why."""

    subject: str
    """The distribution, or the framework."""
    reason: str
    """A sentence for people."""
    advice: str = ""
    """What to type, where there is something."""
    is_trouble: bool = True
    """False where all is well: another one does the work."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found for one framework."""

    integration: Integration
    version: str | None
    """Of the framework; None where it is not installed."""
    candidate: Candidate | None = None
    """Who instruments it; None where nobody can."""
    refusals: tuple[Refusal, ...] = ()

    @property
    def extra(self) -> str:
        """What to type for the best instrumentor there is."""
        return f"pip install 'foretell[{self.integration.name}]'"

    @property
    def instrumentor(self) -> str:
        """Who instruments it, for people; empty where nobody can."""
        if self.candidate is None:
            return ""
        return self.candidate.distribution or f"{self.integration.title} ({self.candidate.origin.value})"


def choose(integration: Integration, version_of: VersionOf = find_version) -> Choice:
    """The first candidate that is installed and was made for the installed version."""
    found = _find_framework(integration, version_of)
    if found is None:
        return Choice(integration, None)
    chosen: Candidate | None = None
    refusals: list[Refusal] = []
    for candidate in integration.candidates:
        if candidate.distribution and version_of(candidate.distribution) is None:
            continue
        if chosen is not None:
            refusals.append(_refuse_second(integration, chosen, candidate))
        elif is_supported(found, candidate.supports):
            chosen = candidate
        else:
            refusals.append(_refuse_version(integration, found, candidate))
    if chosen is None and not refusals:
        refusals.append(_miss_instrumentor(integration))
    return Choice(integration, found, chosen, tuple(refusals))


def _find_framework(integration: Integration, version_of: VersionOf) -> str | None:
    if not integration.distribution:
        return platform.python_version()
    for distribution in (integration.distribution, *integration.also):
        found = version_of(distribution)
        if found is not None:
            return found
    return None


def _refuse_second(integration: Integration, chosen: Candidate, candidate: Candidate) -> Refusal:
    who = chosen.distribution or ("Foretell" if chosen.origin is Origin.FORETELL else "itself")
    return Refusal(
        candidate.distribution or integration.title,
        f"{integration.title} is instrumented by {who}; with two, each call would be recorded twice.",
        is_trouble=False,
    )


def _refuse_version(integration: Integration, found: str, candidate: Candidate) -> Refusal:
    return Refusal(
        candidate.distribution or integration.title,
        f"{integration.title} {found} is installed; this was made for {candidate.supports}.",
        f"pip install '{integration.distribution}{candidate.supports}'",
    )


def _miss_instrumentor(integration: Integration) -> Refusal:
    return Refusal(
        integration.title,
        "It is installed, and nothing that instruments it is.",
        f"pip install 'foretell[{integration.name}]'",
    )


def name_failure(choice: Choice, problem: str, version_of: VersionOf = find_version) -> str:
    """The trouble's name, by which it is counted: who failed at what, in which versions, and why."""
    return f"{_name_pair(choice, version_of)}: {' '.join(problem.split())[:MAX_CHARACTERS]}"


def note_failures(choice: Choice, counts: Iterable[str], version_of: VersionOf = find_version) -> Choice:
    """The choice as it turned out: without its instrumentor where that has failed in a program, and with the reason."""
    start = f"trouble.{_name_pair(choice, version_of)}: "
    problem = next((name.removeprefix(start) for name in counts if name.startswith(start)), "")
    if choice.candidate is None or not problem:
        return choice
    refusal = Refusal(
        choice.instrumentor,
        f"It does not know {choice.integration.title} {choice.version}, and failed when a program imported that: {problem}.",
        f"pip install -U 'foretell[{choice.integration.name}]', or an older {choice.integration.distribution}",
    )
    return replace(choice, candidate=None, refusals=(refusal, *choice.refusals))


def _name_pair(choice: Choice, version_of: VersionOf) -> str:
    who = choice.candidate.distribution if choice.candidate is not None else ""
    by = f"{who} {version_of(who)}" if who else f"foretell {__version__}"
    return f"integrations.{choice.integration.name} {choice.version} by {by}"
