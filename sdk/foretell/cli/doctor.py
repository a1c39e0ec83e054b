"""`foretell doctor`: is everything recorded, and if not, why."""

from __future__ import annotations

import time
from pathlib import Path

import click

from foretell.cli.options import json_option, store_option


@click.command
@click.option("--all", "is_all", is_flag=True, help="Every setting, also those at their default.")
@click.option("--check", "is_thorough", is_flag=True, help="Read every page of the store too.")
@store_option
@json_option
def doctor(is_all: bool, is_thorough: bool, store: Path | None, as_json: bool) -> None:
    """Say why data may be missing.

    What is set and where it was set, how the store is, what was lost, whether the collector answers. Ends with 1 where there is trouble.
    """
    from foretell.cli.checks import TROUBLE, check_integrations, list_checks, reach_host
    from foretell.cli.integrations import look_at_integrations
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.render.doctor import render_doctor, shape_doctor
    from foretell.cli.stack.local import check_stack
    from foretell.cli.terminal import measure_width, show, write_json
    from foretell.stack.road.http import fetch
    from foretell.store.health import inspect_health

    settings = load_cli_settings(store)
    health = inspect_health(settings.store, now_ns=time.time_ns, check_integrity=is_thorough)
    frameworks = look_at_integrations(settings.integrations, settings.integrations_off, health.counts)
    checks = [
        *list_checks(settings, health, reach_host),
        *check_integrations(frameworks),
        *check_stack(settings, reach_host, fetch),
    ]
    if as_json:
        write_json(shape_doctor(settings, health, checks))
    else:
        show(*render_doctor(settings, checks, measure_width(), is_all))
    if any(check.level == TROUBLE for check in checks):
        raise click.exceptions.Exit(1)
