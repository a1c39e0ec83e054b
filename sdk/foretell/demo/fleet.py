"""Opens the shop and the desk, lets the customers in, and says what became of each ticket."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import foretell
from foretell.demo.roles import AT_ONCE, ONE_BY_ONE, Ticket, TicketResult
from foretell.errors import MissingExtra

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from foretell.demo.tools import DeskTools

Tell = Callable[[TicketResult], None]
TICKET_COUNT = len(ONE_BY_ONE) + len(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The model server to talk to."""

    base_url: str
    api_key: str = "none"
    model: str | None = None
    """Replaces the models that the agents would choose."""
    timeout_s: float = 30.0
    max_retries: int = 0


def require_openai() -> None:
    """Raise `MissingExtra` when the `openai` package, on which the demo's agents work, is not installed."""
    import importlib.util

    if importlib.util.find_spec("openai") is None:
        raise MissingExtra(
            "foretell demo needs the package 'openai', which is not installed.\n"
            "Install it with: pip install 'foretell[demo]'"
        )


def run_fleet(endpoint: Endpoint | None, tell: Tell) -> None:
    """Answer all tickets, telling each result as it comes; without an endpoint the bundled model server is asked."""
    require_openai()
    from openai import AsyncOpenAI, OpenAI

    from foretell.demo.model_server import ModelServer
    from foretell.demo.rules import decide_for_desk
    from foretell.demo.shop import ShopRunner
    from foretell.demo.tools import DeskTools

    with ExitStack() as stack:
        # Windows keeps a database that was just closed for a moment longer.
        directory = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="foretell-demo-", ignore_cleanup_errors=True)
        )
        tools = DeskTools(stack.enter_context(ShopRunner(Path(directory))))
        if endpoint is None:
            endpoint = Endpoint(stack.enter_context(ModelServer(decide_for_desk)).base_url)
        client = stack.enter_context(
            OpenAI(
                base_url=endpoint.base_url,
                api_key=endpoint.api_key,
                timeout=endpoint.timeout_s,
                max_retries=endpoint.max_retries,
            )
        )
        for ticket in ONE_BY_ONE:
            tell(_answer(client, tools, ticket, endpoint.model))
        async_client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            timeout=endpoint.timeout_s,
            max_retries=endpoint.max_retries,
        )
        asyncio.run(_answer_all(async_client, tools, endpoint.model, tell))


def _answer(client: OpenAI, tools: DeskTools, ticket: Ticket, model: str | None) -> TicketResult:
    """Answer one ticket by the synchronous desk."""
    from foretell.demo.desk import Desk

    desk = Desk(client, tools, ticket, model)
    started_s = time.perf_counter()
    answer, problem = None, None
    with foretell.session(ticket.id, user_id=ticket.customer.lower(), channel="mail"):
        try:
            answer = desk.answer(ticket.text)
        except Exception as error:  # the customer gets a person instead
            problem = f"{type(error).__name__}: {error}"
    return _close(ticket, desk.run_id, answer, problem, started_s)


async def _answer_all(client: AsyncOpenAI, tools: DeskTools, model: str | None, tell: Tell) -> None:
    """Answer the tickets that came at the same time."""
    async with client:
        waiting = [asyncio.ensure_future(_answer_async(client, tools, ticket, model)) for ticket in AT_ONCE]
        for result in asyncio.as_completed(waiting):
            tell(await result)


async def _answer_async(client: AsyncOpenAI, tools: DeskTools, ticket: Ticket, model: str | None) -> TicketResult:
    """Answer one ticket by the asynchronous desk."""
    from foretell.demo.async_desk import AsyncDesk

    desk = AsyncDesk(client, tools, ticket, model)
    started_s = time.perf_counter()
    answer, problem = None, None
    with foretell.session(ticket.id, user_id=ticket.customer.lower(), channel="chat"):
        try:
            answer = await desk.answer(ticket.text)
        except Exception as error:  # the customer gets a person instead
            problem = f"{type(error).__name__}: {error}"
    return _close(ticket, desk.run_id, answer, problem, started_s)


def _close(ticket: Ticket, run_id: str | None, answer: str | None, error: str | None, started_s: float) -> TicketResult:
    """Score the ticket and say what became of it."""
    foretell.score("resolved", 0.0 if answer is None else 1.0, run=run_id)
    return TicketResult(ticket, run_id, answer, error, time.perf_counter() - started_s)
