"""An agent repeats itself, or does what only looks like it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bench.detection.episode import Seen, Truth
from bench.detection.scene import Scene, call_number, tell_again
from bench.detection.suite import Story, Suite
from foretell.model.call import Call
from foretell.model.kinds import Kind

Step = tuple[str, Any, Any, str | None]
"""Tool, arguments, result, error."""
WORDS = [
    "amber",
    "basin",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "haven",
    "inlet",
    "jetty",
    "knoll",
    "lagoon",
    "meadow",
    "north",
    "orchard",
    "pine",
    "quarry",
    "ridge",
]


def _sentence(scene: Scene, words: int = 30) -> str:
    return " ".join(scene.random.choice(WORDS) for _ in range(words))


def _act(scene: Scene, steps: Sequence[Step], root: Call, at_s: float, *, thinks: bool = True) -> list[float]:
    """Take steps, each chosen by the model; gives the times at which they ended."""
    ends = []
    for name, arguments, result, error in steps:
        if thinks:
            at_s = (
                scene.ask(
                    root,
                    at_s,
                    f"step {call_number(scene, root)}: {_sentence(scene)}",
                    lasts_s=scene.random.uniform(0.5, 2),
                )
                + 0.05
            )
        at_s = scene.tool(root, at_s, name, arguments, result, lasts_s=scene.random.uniform(0.05, 1), error=error)
        ends.append(at_s)
        at_s += scene.random.uniform(0.02, 0.3)
    return ends


def _begin(scene: Scene) -> tuple[Call, list[float]]:
    """Do some honest work first."""
    root = scene.run(0.5)
    honest: list[Step] = [
        ("search", {"q": _sentence(scene, 3)}, _sentence(scene), None) for _ in range(scene.random.randrange(5))
    ]
    return root, _act(scene, honest, root, 1.0) or [1.0]


def _loop(scene: Scene, make: Callable[[Scene], Sequence[Step]], enough: int, *, thinks: bool = True) -> Truth:
    """Repeat; the rule has its evidence with the step of the number `enough`."""
    root, before = _begin(scene)
    steps = make(scene)
    ends = _act(scene, steps, root, before[-1] + 0.3, thinks=thinks)
    scene.end(root, ends[-1] + 1)
    scene.looks(ends[-1] + 5)
    return Truth(before[-1], ends[-1] + 5, ends[enough - 1] - before[-1])


def _fine(scene: Scene, make: Callable[[Scene], Sequence[Step]], *, thinks: bool = True) -> None:
    root, before = _begin(scene)
    ends = _act(scene, make(scene), root, before[-1] + 0.3, thinks=thinks)
    scene.end(root, ends[-1] + 1)
    scene.looks(ends[-1] + 5)


# -- loops -----------------------------------------------------------------------------------------------------------


def identical(scene: Scene, times: int) -> list[Step]:
    """The same call with the same result."""
    return [("search", {"q": "order 7", "limit": 10}, "no such order", None)] * times


def identical_but_for_ids(scene: Scene, times: int) -> list[Step]:
    """The same call but for an id and a time that mean nothing, in another order of the keys."""
    return [
        (
            "search",
            {
                "request_id": f"{scene.random.getrandbits(128):032x}",
                "q": "order 7",
                "timestamp": 1_767_225_600 + number,
            },
            "none",
            None,
        )
        for number in range(times)
    ]


def same_error(scene: Scene, times: int) -> list[Step]:
    """The same call with the same error."""
    return [("fetch", {"url": "https://example.com/a"}, None, "ValueError: not a page")] * times


def cycle(scene: Scene, period: int, rounds: int) -> list[Step]:
    """A circle of different calls."""
    names = ("list_files", "read_file", "grep", "open_page", "search", "status")
    circle: list[Step] = [(names[at], {"at": at}, f"same {at}", None) for at in range(period)]
    return circle * rounds


def edit_test(scene: Scene, times: int) -> list[Step]:
    """Edits that differ, and always the same failing test."""
    steps: list[Step] = []
    for number in range(times):
        steps.append(("edit", {"line": number * 3, "text": _sentence(scene, 5)}, f"edited {_sentence(scene, 4)}", None))
        steps.append(
            (
                "run_tests",
                {"only": f"t{number}"},
                None,
                f"AssertionError: expected 3, got 4 (in {0.31 + number / 7:.2f}s)",
            )
        )
    return steps


def nothing_new(scene: Scene) -> list[Step]:
    """A few calls in no order, and never a result that was not there before."""
    some: list[Step] = [("search", {"q": word}, "no results", None) for word in ("a", "b", "c")]
    order = [0, 0, 1, 2, 0, 1, 1, 2, 0, 2, 2, 1, 0, 0, 2, 1]
    return [some[at] for at in order]


def _ping_pong(scene: Scene) -> Truth:
    """Two agents hand the work to each other, and nobody does it."""
    root = scene.run(0.5)
    root_ask = scene.ask(root, 0.6, "I will coordinate.")
    at_s, ends = root_ask + 0.1, []
    for number in range(12):
        agent = scene.open(root, Kind.AGENT, ("planner", "reviewer")[number % 2], at_s, {"task": "the report"})
        at_s = scene.ask(agent, at_s + 0.05, "This is for you, please take over", lasts_s=0.8)
        scene.end(agent, at_s + 0.05, result="I have nothing to add, over to you")
        at_s += 0.1
        ends.append(at_s)
    scene.end(root, at_s + 1)
    scene.looks(at_s + 5)
    return Truth(root_ask, at_s + 5, ends[5] - root_ask)


def _monologue(scene: Scene) -> Truth:
    """The model says nearly the same again and again, and calls nothing."""
    root = scene.run(0.5)
    text = _sentence(scene, 60)
    at_s, ends = 1.0, []
    for number in range(8):
        history = " ".join(["Write the summary.", *(f"{text} {before}" for before in range(number))])
        at_s = scene.ask(root, at_s, f"{text} {number}", lasts_s=1.2, asked=history) + 0.2
        ends.append(at_s)
    scene.end(root, at_s)
    scene.looks(at_s + 5)
    return Truth(0.9, at_s + 5, ends[2] - 0.9)


# -- what only looks like one ----------------------------------------------------------------------------------------


def polling(scene: Scene) -> list[Step]:
    """The same question while the answer changes."""
    steps: list[Step] = [("job_status", {"job": 7}, {"state": "running", "done": at * 9}, None) for at in range(10)]
    return [*steps, ("job_status", {"job": 7}, {"state": "done", "done": 100}, None)]


def pages(scene: Scene) -> list[Step]:
    """The same key pressed, another page each time."""
    return [("page_down", {}, _sentence(scene), None) for _ in range(12)]


def pagination(scene: Scene) -> list[Step]:
    """Page after page of a list."""
    return [("list_orders", {"page": number, "size": 50}, [_sentence(scene, 4)], None) for number in range(15)]


def retries(scene: Scene) -> list[Step]:
    """Two failures, then it works; and on."""
    steps: list[Step] = []
    for number in range(3):
        steps += [("fetch", {"url": f"u{number}"}, None, "ConnectionError: refused")] * 2
        steps.append(("fetch", {"url": f"u{number}"}, _sentence(scene), None))
    return steps


def thrice(scene: Scene) -> list[Step]:
    """The same three times, then something else."""
    return [
        *identical(scene, 3),
        ("search", {"q": _sentence(scene, 3)}, _sentence(scene), None),
        ("answer", {"x": 1}, "ok", None),
    ]


def twice_round(scene: Scene) -> list[Step]:
    """A circle of three walked twice, then on."""
    return [*cycle(scene, 3, 2), ("search", {"q": _sentence(scene, 3)}, _sentence(scene), None)]


def edits_that_help(scene: Scene) -> list[Step]:
    """Edit and test, and each test fails for another reason, until none does."""
    errors = ("NameError: a", "TypeError: b", "AssertionError: 3 != 4", "KeyError: d", "ImportError: e")
    steps: list[Step] = []
    for number, error in enumerate(errors):
        steps.append(("edit", {"line": number, "text": _sentence(scene, 5)}, f"edited {_sentence(scene, 4)}", None))
        steps.append(("run_tests", {}, None, error))
    return [*steps, ("run_tests", {}, "all passed", None)]


def same_answer_to_different_questions(scene: Scene) -> list[Step]:
    """Writing many files, each of which says `ok`."""
    return [("write_file", {"path": f"{word}.txt", "text": _sentence(scene, 8)}, "ok", None) for word in WORDS]


def _conversation(scene: Scene) -> None:
    """One person asks the same thing in five runs of one session: a run each."""
    at_s = 0.5
    for _ in range(6):
        root = scene.run(at_s)
        at_s = _act(scene, [("search", {"q": "opening hours"}, "9 to 5", None)], root, at_s + 0.1)[-1]
        scene.end(root, at_s + 0.2)
        at_s += scene.random.uniform(5, 20)
    scene.looks(at_s)


def _hand_over(scene: Scene) -> None:
    """Two agents take turns, and each does some work."""
    root = scene.run(0.5)
    at_s = scene.ask(root, 0.6, "I will coordinate.") + 0.1
    for number in range(8):
        agent = scene.open(root, Kind.AGENT, ("writer", "reviewer")[number % 2], at_s, {"draft": number})
        at_s = _act(
            scene, [("edit", {"draft": number, "text": _sentence(scene, 6)}, _sentence(scene), None)], agent, at_s + 0.1
        )[-1]
        scene.end(agent, at_s + 0.1, result=_sentence(scene))
        at_s += 0.2
    scene.end(root, at_s + 1)
    scene.looks(at_s + 5)


def _critic(scene: Scene) -> None:
    """A writer and a critic take three turns each without any tool, and each says something new."""
    root = scene.run(0.5)
    at_s = scene.ask(root, 0.6, "I will coordinate.") + 0.1
    for number in range(6):
        agent = scene.open(root, Kind.AGENT, ("writer", "critic")[number % 2], at_s, {"text": _sentence(scene)})
        at_s = scene.ask(agent, at_s + 0.05, _sentence(scene, 60), lasts_s=3)
        scene.end(agent, at_s + 0.05, result=_sentence(scene, 60))
        at_s += 0.1
    scene.end(root, at_s + 1)
    scene.looks(at_s + 5)


def _told_twice(scene: Scene) -> None:
    """Make the same call twice, and tell the end of each twice."""
    _fine(scene, lambda scene: [*identical(scene, 2), ("answer", {"x": 1}, "ok", None)])
    tell_again(scene, "search", after_s=scene.random.uniform(0, 0.3))


def _out_of_order(scene: Scene) -> None:
    """Poll, and hear of the ends in another order than they came."""
    _fine(scene, polling)
    ends = [
        at for at, moment in enumerate(scene.moments) if moment.seen is Seen.ENDED and moment.what.name == "job_status"
    ]
    for at in ends[::3]:
        scene.moments[at] = replace(scene.moments[at], at_ns=scene.moments[at].at_ns + 5 * 10**9)


def _ledger(scene: Scene) -> None:
    """An orchestrator fills in the same form after each honest step."""
    root, at_s = scene.run(0.5), 1.0
    for number in range(8):
        at_s = scene.ask(root, at_s, f"Progress ledger. Step {number} of 8: {_sentence(scene, 25)}. Next: go on.") + 0.1
        at_s = scene.tool(root, at_s, "do", {"part": number}, _sentence(scene)) + 0.2
    scene.end(root, at_s)
    scene.looks(at_s + 5)


AGENT_LOOP = Suite(
    "agent_loop",
    (
        Story("mild: the same call 4 times", partial(_loop, make=partial(identical, times=4), enough=4), 8),
        Story(
            "clear: the same call with other ids 6 times",
            partial(_loop, make=partial(identical_but_for_ids, times=6), enough=4),
            5,
        ),
        Story(
            "gross: the same call 40 times",
            partial(_loop, make=partial(identical, times=40), enough=4, thinks=False),
            4,
        ),
        Story("mild: the same error 3 times", partial(_loop, make=partial(same_error, times=3), enough=3), 5),
        Story("clear: a circle of 2", partial(_loop, make=partial(cycle, period=2, rounds=4), enough=6), 4),
        Story("clear: a circle of 3", partial(_loop, make=partial(cycle, period=3, rounds=4), enough=9), 3),
        Story("clear: a circle of 6", partial(_loop, make=partial(cycle, period=6, rounds=4), enough=18), 3),
        Story("clear: edit and test, the same failure", partial(_loop, make=partial(edit_test, times=6), enough=8), 4),
        Story("clear: nothing new", partial(_loop, make=nothing_new, enough=12), 3),
        Story("clear: hand-off ping-pong", _ping_pong, 3),
        Story("clear: the same words", _monologue, 3),
    ),
    (
        Story("polling, the result changes", partial(_fine, make=polling), 10),
        Story("page down", partial(_fine, make=pages), 8),
        Story("pagination", partial(_fine, make=pagination), 8),
        Story("two retries, then success", partial(_fine, make=retries), 12),
        Story("the same call 3 times", partial(_fine, make=thrice), 12),
        Story("a circle walked twice", partial(_fine, make=twice_round), 10),
        Story("edit and test, another failure each time", partial(_fine, make=edits_that_help), 10),
        Story("many files, the same answer", partial(_fine, make=same_answer_to_different_questions), 8),
        Story("the same question in six runs", _conversation, 8),
        Story("two agents take turns and work", _hand_over, 8),
        Story("a writer and a critic", _critic, 6),
        Story("an orchestrator's ledger", _ledger, 6),
        Story("the same call twice, told twice each", _told_twice, 8),
        Story("polling, told out of order", _out_of_order, 8),
    ),
    doubled="repeats",
    note="The rule's minimum is the step that completes its evidence: the fourth repeat, the third round.",
)
