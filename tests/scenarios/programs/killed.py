"""Opens calls and ends some of them, says so, and waits to be killed."""

import sys
import time

from saying import ask, say, work

import foretell

foretell.init("killed")
if "cold" not in sys.argv:
    with foretell.agent("warm"):
        ask()
    foretell.flush(30)
with foretell.agent("outer") as agent:
    say("opened", f"{agent.id:016x}")
    for _ in range(20):
        work("quick")
    ask()
    with foretell.tool("long") as tool:
        say("opened", f"{tool.id:016x}")
        with foretell.llm("gpt-4o", provider="openai") as call:
            say("opened", f"{call.id:016x}")
            say("ready")
            time.sleep(60)
