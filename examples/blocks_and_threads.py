"""`with` blocks where no decorator fits, tokens given by hand, and work that goes on in threads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import foretell

CITIES = ("Oslo", "Lisbon", "Cairo")


def look_up(city: str) -> str:
    """Ask something slow about a city, in whatever thread this runs."""
    with foretell.tool("city_guide") as op:
        op.set_input({"city": city})
        time.sleep(0.02)
        op.set_output({"sights": f"the old town of {city}"})
        return f"the old town of {city}"


def write_plan(sights: list[str]) -> str:
    """Call a model of your own, whose answer says nothing of tokens: you count them yourself."""
    with foretell.llm(provider="acme", model="acme-writer-1") as op:
        op.set_input([{"role": "user", "content": f"Plan a trip to see {', '.join(sights)}."}])
        for piece in ("First ", "north, ", "then ", "south."):
            time.sleep(0.005)
            op.chunk(piece)
        op.set_output("First north, then south.")
        op.record_usage(input_tokens=45, output_tokens=12, cache_read_tokens=20)
        return "First north, then south."


def plan_trip() -> str:
    """Look all cities up at the same time, then write the plan."""
    with foretell.agent("travel_planner") as op:
        op.set_input(list(CITIES))
        with ThreadPoolExecutor(max_workers=3) as pool:
            # Threads know nothing of the agent that started them; `propagate` takes it along.
            sights = list(pool.map(foretell.propagate(look_up), CITIES))
        with foretell.step("write"):
            op.add_event("sights_known", count=len(sights))
            plan = write_plan(sights)
        op.set_output(plan)
        return plan


if __name__ == "__main__":
    foretell.init("travel")
    print(plan_trip())
