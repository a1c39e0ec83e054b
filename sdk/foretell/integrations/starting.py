"""Puts the integrations that the settings name together and switches them on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from foretell.errors import FAULTS
from foretell.integrations import objects
from foretell.integrations.imports import Waiting
from foretell.integrations.registry import select_integrations
from foretell.integrations.whole import CLIENT, load_httpx2
from foretell.integrations.wrapping.carrying import carry_runs

if TYPE_CHECKING:
    from foretell.integrations.gating import FindForeign
    from foretell.integrations.switching import Switchboard
    from foretell.settings import Settings


def switch_on(settings: Settings, environment: Mapping[str, str], foreign: FindForeign) -> Switchboard | None:
    """Have the program's libraries told of, now or as soon as it imports them; None where none can be.

    `foreign` gives who takes in their spans. A name that does not exist raises SettingError.
    """
    chosen = select_integrations(settings.integrations, settings.integrations_off)
    load_httpx2()
    if settings.isolated:
        # Their spans would stand in the application's context, which an isolated set-up keeps out of.
        from foretell.setting_sources import Source

        if settings.origin_of("integrations").source is not Source.DEFAULT:
            FAULTS.warn("integrations.isolated", "Integrations are off: isolated=True keeps to what is decorated.")
        return None
    board = build_switchboard(settings, environment, foreign)
    board.wait_for(Waiting(CLIENT, (CLIENT,), load_httpx2))
    board.undo_later("runs", carry_runs(foreign))
    board.switch_on(chosen)
    objects.board = board
    mute_others(board)
    return board


def mute_others(board: Switchboard) -> None:
    """Have libraries make no spans unasked in our provider, where they are to be left alone or others tell of them."""
    from opentelemetry.trace import get_tracer_provider

    from foretell.instrument.otel.provider import ShellProvider
    from foretell.integrations.registry import list_integrations

    provider = get_tracer_provider()
    if isinstance(provider, ShellProvider):
        choices = [standing.choice for standing in board.list_standings()]
        heard = {one.integration.name for one in choices if one.candidate is not None and one.candidate.is_unasked}
        provider.muted = frozenset(
            scope for one in list_integrations() if one.name not in heard for scope in one.scopes
        )


def build_switchboard(settings: Settings, environment: Mapping[str, str], foreign: FindForeign) -> Switchboard:
    """What switches integrations on, with nothing switched on yet."""
    from opentelemetry.metrics import NoOpMeterProvider
    from opentelemetry.trace import get_tracer_provider

    from foretell.integrations.capturing import wants_content_on_spans
    from foretell.integrations.gating import Gatekeeper
    from foretell.integrations.integration import Wiring
    from foretell.integrations.switching import Switchboard
    from foretell.integrations.tracing import IntegrationTracers

    tracers = IntegrationTracers(get_tracer_provider, foreign, is_shown=wants_content_on_spans(environment))
    wiring = Wiring(tracers, NoOpMeterProvider(), settings.content != "none", environment, foreign)
    keeper = Gatekeeper(foreign)
    return Switchboard(wiring, hold=lambda integration: keeper.hold(integration.gates))
