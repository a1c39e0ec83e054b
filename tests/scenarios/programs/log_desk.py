"""A desk that logs in every way there is: both libraries, threads, tasks, errors, secrets. It says which ids are which."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time

import structlog

import foretell

SECRETS = json.loads(os.environ.get("DESK_SECRETS", "{}"))
log = logging.getLogger("desk.mail")
logging.getLogger("asyncio").setLevel("WARNING")
orders = structlog.get_logger("desk.orders")


def say(message: str, operation: object | None = None) -> None:
    """Tell the test to which operation a message belongs."""
    ids = [f"{operation.trace_id:032x}", f"{operation.span_id:016x}", operation.run_id] if operation else []
    print(json.dumps([message, *ids]), flush=True)


@foretell.instrument_tool
def look_up(order: int) -> None:
    """Log a field of the program's own, and an error with its traceback."""
    log.warning("looked up", extra={"order": order, "password": SECRETS["password"], "card": int(SECRETS["card"])})
    say("looked up", foretell.current_operation())
    try:
        raise ValueError(f"refused for {SECRETS['mail']} with {SECRETS['key']}")
    except ValueError:
        log.exception("look-up failed with %s", SECRETS["key"])


@foretell.instrument_step
async def carry(number: int) -> None:
    """Log in a task of its own."""
    await asyncio.sleep(0.001)
    log.info("carried %d", number)
    say(f"carried {number}", foretell.current_operation())


@foretell.instrument_agent
async def desk() -> None:
    """The whole of it, in one run."""
    structlog.contextvars.bind_contextvars(customer=SECRETS["mail"])
    orders.info("begun", deep={"token": SECRETS["token"], "list": [SECRETS["key"]]})
    say("begun", foretell.current_operation())
    structlog.contextvars.clear_contextvars()
    look_up(7)
    with foretell.llm("gpt-4o-mini", provider="openai") as model:
        log.info("asking")
        say("asking", model)
    log.error("told", extra={"foretell.log.source": "commentary"})
    say("told", foretell.current_operation())
    thread = threading.Thread(target=foretell.propagate(lambda: log.info("from a thread")))
    thread.start()
    thread.join()
    say("from a thread", foretell.current_operation())
    await asyncio.gather(*map(carry, range(3)))


def main() -> None:
    """Log inside and outside of a run."""
    with foretell.session("s-1"):
        log.info("between runs")
        say("between runs")
        asyncio.run(desk())
    logging.getLogger("uvicorn.access").info("GET /health?api_key=%s", SECRETS["key"])
    log.debug("plain")
    say("plain")


def killed() -> None:
    """Die in the middle of a run, half a second after the line."""
    with foretell.agent("doomed"):
        log.warning("last words")
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)


def undone() -> None:
    """Shut down, and say whether logging is as it was."""
    with foretell.agent("short"):
        log.warning("before")
    foretell.shutdown()
    log.warning("after")
    print(json.dumps([AS_IT_WAS, as_it_is()]))


def as_it_is() -> list[object]:
    """How logging is set up."""
    return [list(map(repr, logging.root.handlers)), logging.root.level, structlog.is_configured()]


AS_IT_WAS = as_it_is()
foretell.init("desk")
foretell.setup_logging("DEBUG", json=True)
{"main": main, "killed": killed, "undone": undone}[sys.argv[1]]()
