"""`foretell demo`: a small support desk at work, recorded, in a few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foretell.cli.options import json_option, store_option

if TYPE_CHECKING:
    from foretell.demo.fleet import Endpoint
    from foretell.demo.roles import TicketResult
    from foretell.model.run import Run


@click.command
@click.option("--base-url", help="An OpenAI-compatible server.  [default: one that comes along]")
@click.option("--model", help="Model to ask there.")
@click.option("--api-key", help="Key for that server.")
@click.option("--local", "is_local", is_flag=True, help="Keep it here, also where a stack runs (foretell up).")
@store_option
@json_option
def demo(
    base_url: str | None, model: str | None, api_key: str | None, is_local: bool, store: Path | None, as_json: bool
) -> None:
    """Watch a small support desk of three agents at work.

    They answer ten tickets by real HTTP, with a real database and real failures; no key and no network is needed.
    """
    import foretell
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.render.demo import render_demo, render_opening, shape_demo
    from foretell.cli.stack.drawing import render_sending, render_sent
    from foretell.cli.stack.local import find_endpoint
    from foretell.cli.terminal import measure_width, show, write_json
    from foretell.demo.fleet import require_openai, run_fleet
    from foretell.stack.road.http import fetch

    require_openai()
    endpoint = _make_endpoint(base_url, model, api_key)
    settings = load_cli_settings(store)
    directory = settings.store
    stack_url = None if is_local else find_endpoint(settings, fetch)
    foretell.init("support-desk", store=store, otlp_endpoint=stack_url)
    if not as_json:
        show(render_opening(base_url), *render_sending(stack_url))
    results = _run(endpoint, is_silent=as_json, run_fleet=run_fleet)
    foretell.flush(10)
    runs = _load_runs(directory, results)
    if as_json:
        write_json({**shape_demo(results, runs), "endpoint": stack_url or settings.otlp_endpoint})
    else:
        show(*render_demo(results, runs, directory, measure_width(), time.time_ns()), *render_sent(stack_url))
    foretell.shutdown()


def _make_endpoint(base_url: str | None, model: str | None, api_key: str | None) -> Endpoint | None:
    """Return the server to talk to; None for the bundled one."""
    from foretell.demo.fleet import Endpoint
    from foretell.errors import ForetellError

    if base_url is None:
        if model is not None or api_key is not None:
            raise ForetellError("--model and --api-key belong to a server: give its --base-url too.")
        return None
    if not base_url.startswith(("http://", "https://")):
        raise ForetellError(f"--base-url {base_url!r} is no URL; it reads like http://127.0.0.1:11434/v1.")
    return Endpoint(base_url, api_key or "none", model, timeout_s=60.0, max_retries=2)


def _run(endpoint: Endpoint | None, *, is_silent: bool, run_fleet: Callable[..., None]) -> list[TicketResult]:
    from foretell.cli.render.demo import render_result
    from foretell.cli.terminal import measure_width, show

    results: list[TicketResult] = []

    def tell(result: TicketResult) -> None:
        results.append(result)
        if not is_silent:
            show(render_result(result, measure_width()))

    run_fleet(endpoint, tell)
    return results


def _load_runs(directory: Path, results: list[TicketResult]) -> list[Run]:
    """Load the runs of the tickets, in their order."""
    from foretell.cli.reading import open_reader

    reader = open_reader(directory)
    return [reader.load_run(result.run_id) for result in results if result.run_id is not None]
