"""What an agent does next: nothing more, or something that it never did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from bench.detection.episode import Truth
from bench.detection.scene import Scene
from bench.detection.suite import Story, Suite
from foretell.model.kinds import Kind

# -- stall -----------------------------------------------------------------------------------------------------------

SILENT_S = 30.0


def _stalled(scene: Scene, silent_s: float, *, nested: bool = False, turns: int = 2) -> Truth:
    """Get a tool's result, and then do nothing for a while."""
    root = scene.run(0.5)
    agent = scene.open(root, Kind.AGENT, "helper", 0.8) if nested else root
    at_s = 1.0
    for number in range(turns):
        at_s = scene.ask(agent, at_s, f"step {number}", lasts_s=scene.random.uniform(1, 5)) + 0.05
        at_s = scene.tool(agent, at_s, "search", {"q": number}, f"found {number}", lasts_s=scene.random.uniform(0.1, 3))
    onset_s, end_s = at_s, at_s + silent_s
    at_s = scene.ask(agent, end_s, "and on")
    if nested:
        scene.end(agent, at_s + 0.1)
    scene.end(root, at_s + 0.2)
    scene.looks(at_s + 1)
    return Truth(onset_s, end_s, SILENT_S)


def _stalled_forever(scene: Scene) -> Truth:
    """Get a tool's result, and never do anything again."""
    root = scene.run(0.5)
    at_s = scene.tool(root, scene.ask(root, 1.0, "step 1") + 0.1, "search", {"q": 1}, "found")
    scene.looks(at_s + 600)
    return Truth(at_s, at_s + 600, SILENT_S)


def _busy(scene: Scene, silent_s: float) -> None:
    """Be silent for less than half a minute between a tool's result and the next step, again and again."""
    root, at_s = scene.run(0.5), 1.0
    for number in range(4):
        at_s = scene.ask(root, at_s, f"step {number}") + 0.05
        at_s = scene.tool(root, at_s, "search", {"q": number}, f"found {number}") + silent_s * scene.random.uniform(
            0.8, 1
        )
    scene.end(root, scene.ask(root, at_s, "done") + 0.2)
    scene.looks(at_s + 2)


def _long_call(scene: Scene, kind: Kind, name: str, lasts_s: float) -> None:
    """Wait for one call for very long: a model, a person's approval, a helper."""
    root = scene.run(0.5)
    at_s = scene.tool(root, scene.ask(root, 1.0, "step 1") + 0.1, "search", {"q": 1}, "found") + 0.1
    call = scene.open(root, kind, name, at_s, {"q": "may I?"})
    at_s += lasts_s * scene.random.uniform(0.8, 1.2)
    scene.end(call, at_s, result="yes")
    scene.end(root, scene.ask(root, at_s + 0.1, "done") + 0.2)
    scene.looks(at_s + 2)


def _answered(scene: Scene) -> None:
    """Wait for a person after the model's last word: nothing of a tool is left to be looked at."""
    root = scene.run(0.5)
    at_s = scene.tool(root, scene.ask(root, 1.0, "step 1") + 0.1, "search", {"q": 1}, "found") + 0.1
    at_s = scene.ask(root, at_s, "What else can I do for you?")
    at_s += scene.random.uniform(60, 600)
    scene.end(root, scene.ask(root, at_s, "bye") + 0.2)
    scene.looks(at_s + 2)


def _ended(scene: Scene) -> None:
    """End the run with a tool's result; much later comes the next one."""
    at_s = 0.5
    for number in range(3):
        root = scene.run(at_s)
        at_s = scene.tool(root, scene.ask(root, at_s + 0.1, "step") + 0.1, "send", {"n": number}, "sent") + 0.1
        scene.end(root, at_s)
        at_s += scene.random.uniform(60, 200)
    scene.looks(at_s)


def _parallel(scene: Scene) -> None:
    """Get one tool's result while another tool is still at work."""
    root = scene.run(0.5)
    at_s = scene.ask(root, 1.0, "both please") + 0.1
    slow = scene.open(root, Kind.TOOL, "crawl", at_s, {"site": "x"})
    done_s = scene.tool(root, at_s, "search", {"q": 1}, "found")
    at_s = done_s + scene.random.uniform(40, 90)
    scene.end(slow, at_s, result="crawled")
    scene.end(root, scene.ask(root, at_s + 0.2, "done") + 0.2)
    scene.looks(at_s + 2)


STALL = Suite(
    "stall",
    (
        Story("mild: silent for 32 to 58 s", lambda scene: _stalled(scene, scene.random.uniform(32, 58)), 12),
        Story("clear: a helper is silent for 90 s", partial(_stalled, silent_s=90, nested=True), 12),
        Story("gross: silent for 10 minutes", partial(_stalled, silent_s=600, turns=5), 8),
        Story("gross: silent for good", _stalled_forever, 6),
    ),
    (
        Story("silent for up to 28 s, again and again", partial(_busy, silent_s=28), 20),
        Story("a model takes 60 s", partial(_long_call, kind=Kind.LLM, name="gpt-4o", lasts_s=60), 15),
        Story(
            "a person takes 10 minutes to approve",
            partial(_long_call, kind=Kind.TOOL, name="approval", lasts_s=600),
            12,
        ),
        Story("a helper takes 2 minutes", partial(_long_call, kind=Kind.AGENT, name="helper", lasts_s=120), 12),
        Story("a person thinks after the model's answer", _answered, 15),
        Story("runs that ended with a tool", _ended, 14),
        Story("another tool is still at work", _parallel, 12),
    ),
    doubled="after_tool_s",
    note="The rule's minimum is its half minute after the tool's result.",
)


# -- pattern_anomaly -------------------------------------------------------------------------------------------------

USUAL: Mapping[str, Sequence[tuple[str, float]]] = {
    "": (("search", 0.7), ("look_up", 0.3)),
    "search": (("read", 0.75), ("search", 0.15), ("answer", 0.1)),
    "look_up": (("read", 0.4), ("answer", 0.6)),
    "read": (("summarise", 0.6), ("search", 0.25), ("answer", 0.15)),
    "summarise": (("answer", 0.8), ("search", 0.2)),
}
"""After which tool comes which other, and how often; `answer` ends the run."""
ODD: Mapping[str, Sequence[tuple[str, float]]] = {
    "": (("summarise", 0.6), ("answer", 0.4)),
    "summarise": (("look_up", 0.6), ("summarise", 0.4)),
    "look_up": (("summarise", 0.7), ("look_up", 0.3)),
    "answer": (("read", 0.5), ("look_up", 0.5)),
    "read": (("look_up", 0.6), ("read", 0.4)),
}
REFERENCES = 100
"""So many successful runs come first: as many as a share of one in a hundred asks for, so that one run alone is judged."""


def _walk(scene: Scene, table: Mapping[str, Sequence[tuple[str, float]]], steps: int = 0) -> list[str]:
    """Choose tools as the table says, until the answer or for so many steps."""
    names: list[str] = []
    last = ""
    while (len(names) < steps) if steps else last != "answer":
        choices = table[last]
        last = scene.random.choices([name for name, _ in choices], [weight for _, weight in choices])[0]
        names.append(last)
    return names


def _do(scene: Scene, names: Sequence[str], at_s: float, *, fails: bool = False) -> tuple[float, float]:
    """Make one run of these tools; gives the time of its end, and of the next run."""
    root = scene.run(at_s)
    for number, name in enumerate(names):
        at_s = scene.tool(
            root, at_s + 0.05, name, {"n": number, "x": scene.random.random()}, str(scene.random.random()), lasts_s=0.2
        )
    scene.end(root, at_s + 0.1, error="ValueError: no" if fails else None)
    return at_s + 0.1, at_s + 1


def _learn(scene: Scene, runs: int) -> float:
    at_s = 0.5
    for _ in range(runs):
        _, at_s = _do(scene, _walk(scene, USUAL), at_s)
    return at_s


def _strays(scene: Scene, names: Sequence[str], references: int = REFERENCES) -> Truth:
    begin_s = _learn(scene, references)
    end_s, _ = _do(scene, names, begin_s)
    scene.looks(end_s + 10)
    return Truth(begin_s, end_s + 10, end_s - begin_s)


def _new_tool(scene: Scene) -> Truth:
    return _strays(scene, ["search", *scene.random.choices(("delete_file", "send_mail", "shell"), k=6), "answer"])


def _new_order(scene: Scene) -> Truth:
    return _strays(scene, _walk(scene, ODD, steps=8))


def _half_odd(scene: Scene) -> Truth:
    return _strays(scene, [*_walk(scene, USUAL)[:1], "summarise", "look_up", "summarise", "look_up", "look_up"])


def _as_usual(scene: Scene) -> None:
    """Make one more run as all the others."""
    at_s = _learn(scene, REFERENCES)
    end_s, _ = _do(scene, _walk(scene, USUAL), at_s)
    scene.looks(end_s + 5)


def _too_few(scene: Scene) -> None:
    """Stray when there are too few successful runs to judge by."""
    at_s = _learn(scene, 60)
    for _ in range(60):
        _, at_s = _do(scene, _walk(scene, USUAL), at_s, fails=True)
    end_s, _ = _do(scene, _walk(scene, ODD, steps=8), at_s)
    scene.looks(end_s + 5)


def _typical(scene: Scene) -> None:
    """Make the most usual run of all."""
    at_s = _learn(scene, REFERENCES)
    end_s, _ = _do(scene, ["search", "read", "summarise", "answer"], at_s)
    scene.looks(end_s + 5)


PATTERN_ANOMALY = Suite(
    "pattern_anomaly",
    (
        Story("mild: half of the steps in an unknown order", _half_odd, 10),
        Story("clear: another order", _new_order, 12),
        Story("gross: tools that were never used", _new_tool, 12),
    ),
    (
        Story("a run like the others", _as_usual, 150),
        Story("the most usual run", _typical, 20),
        Story("too few references", _too_few, 20),
    ),
    doubled="min_references",
    note="100 successful runs come first. About one false alarm in a hundred runs is built in: that is what p < 0.01 says. "
    "The run is judged as a whole, so the rule's minimum is its end.",
)

SUITES = (STALL, PATTERN_ANOMALY)
