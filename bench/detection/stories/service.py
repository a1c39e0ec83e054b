"""How well an agent serves: how fast, how often it fails, whether what it depends on answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from math import sqrt
from statistics import median

from bench.detection.episode import Truth
from bench.detection.scene import Scene, tell_again
from bench.detection.suite import Story, Suite
from foretell.model.kinds import Outcome

# -- slow_response ---------------------------------------------------------------------------------------------------

Pace = Callable[[int], float]
"""How many times the usual time the run of a number takes, counted from the change."""

EVIDENCE_RUNS = 20
"""A rule that compares with a baseline asks for so many runs of now."""


def _serve(
    scene: Scene, pace: Pace, *, after: int, usual_s: float | None = None, before: int = 80, noise: float = 0.15
) -> Truth:
    """Serve `before` runs as usual and `after` more at another pace, one after the other."""
    usual_s = usual_s or scene.random.uniform(2, 6)
    at_s, onset_s, enough_s = 0.0, 0.0, None
    lasted: list[float] = []
    for number in range(before + after):
        is_after = number >= before
        lasts_s = usual_s * scene.random.lognormvariate(0, noise) * (pace(number - before) if is_after else 1)
        lasted.append(lasts_s)
        root = scene.run(at_s)
        scene.ask(root, at_s + lasts_s * 0.1, lasts_s=lasts_s * 0.8)
        if number == before:
            onset_s = at_s
        at_s += lasts_s
        scene.end(root, at_s)
        recent = lasted[-EVIDENCE_RUNS:]
        if enough_s is None and number >= before + EVIDENCE_RUNS - 1 and median(recent) > 2 * median(lasted[:before]):
            enough_s = at_s
        at_s += scene.random.uniform(0.5, 1.5)
    scene.looks(at_s + 10)
    return Truth(onset_s, at_s + 10, (enough_s or at_s) - onset_s)


def _slower(scene: Scene, factor: float) -> Truth:
    return _serve(scene, lambda _: factor, after=60, noise=0.05)


def _ramp(scene: Scene, to: float) -> Truth:
    """Grow slower run by run: it is wrong from the run that takes twice as long, and half of twenty must be there."""
    truth = _serve(scene, lambda number: min(1 + (to - 1) * number / 40, to), after=120)
    return Truth(truth.onset_s, truth.end_s, truth.end_s - truth.onset_s)


def _quiet(scene: Scene, pace: Pace, **how: float) -> None:
    _serve(scene, pace, after=60, **how)  # type: ignore[arg-type]  # numbers by name


SLOW_RESPONSE = Suite(
    "slow_response",
    (
        Story("mild: × 2.2 step", partial(_slower, factor=2.2), 14),
        Story("clear: × 3 step", partial(_slower, factor=3), 10),
        Story("gross: × 8 step", partial(_slower, factor=8), 6),
        Story("clear: ramp to × 4", partial(_ramp, to=4), 6),
    ),
    (
        Story("× 1.8 step", partial(_quiet, pace=lambda _: 1.8), 20),
        Story("one run × 20", partial(_quiet, pace=lambda number: 20 if number == 7 else 1), 15),
        Story("every tenth run × 4", partial(_quiet, pace=lambda number: 4 if number % 10 == 3 else 1), 15),
        Story("nothing changes, much noise", partial(_quiet, pace=lambda _: 1, noise=0.5), 15),
        Story("× 3 below a second", partial(_quiet, pace=lambda _: 3, usual_s=0.2), 15),
        Story("twice as fast", partial(_quiet, pace=lambda _: 0.5), 10),
        Story("eight runs × 3, then as before", partial(_quiet, pace=lambda number: 3 if number < 8 else 1), 10),
    ),
    doubled="factor",
    note="Runs one after the other, 2 to 6 s each, give or take 5 to 15 %, 80 as usual before the change. The rule's minimum is "
    "the run with which the median of 20 runs of now is first over twice that of the 80.",
)


# -- error_rate ------------------------------------------------------------------------------------------------------

WINDOW_S = 300.0


def _fail(scene: Scene, every_s: float, fails: Callable[[int], bool], *, before: int = 0, runs: int = 0) -> Truth:
    """Serve runs at an even pace; `fails` says of each after the first `before` whether it fails."""
    runs = runs or int(2.2 * WINDOW_S / every_s)
    oracle = _ErrorRate()
    at_s, onset_s, spoke_s = 1.0, 0.0, None
    for number in range(before + runs):
        root = scene.run(at_s)
        is_failed = number >= before and fails(number - before)
        ended_s = at_s + min(0.6, every_s / 2) * scene.random.uniform(0.5, 1)
        scene.end(root, ended_s, error="ValueError: it broke" if is_failed else None)
        if is_failed and not onset_s:
            onset_s = at_s
        if oracle.take(ended_s, is_failed) and spoke_s is None:
            spoke_s = ended_s
        at_s += every_s * scene.random.uniform(0.9, 1.1)
    scene.looks(at_s)
    return Truth(onset_s, at_s, (spoke_s or at_s) - onset_s)


class _ErrorRate:
    """The literal rule with its guards, as the reference words it; says when it can speak at the earliest."""

    def __init__(self) -> None:
        self._ended: deque[tuple[float, bool]] = deque()

    def take(self, at_s: float, is_failed: bool) -> bool:
        self._ended.append((at_s, is_failed))
        while self._ended[0][0] <= at_s - WINDOW_S:
            self._ended.popleft()
        total = len(self._ended)
        errors = sum(failed for _, failed in self._ended)
        share = errors / total
        lower = (share + 1.92 / total - 1.96 * sqrt(share * (1 - share) / total + 0.96 / total**2)) / (1 + 3.84 / total)
        return share > 0.05 and errors >= 3 and lower > 0.01


def _burst(scene: Scene, share: float) -> Truth:
    """Fail one run in so many, evenly, after a quiet time; at three levels of traffic."""
    every_s = scene.random.choice((1.0, 2.0, 4.0))
    phase = scene.random.randrange(round(1 / share))
    return _fail(scene, every_s, lambda number: (number + phase) % round(1 / share) == 0, before=int(60 / every_s))


def _four_percent(scene: Scene) -> None:
    every_s, phase = scene.random.choice((0.5, 1.0, 3.0)), scene.random.randrange(25)
    _fail(scene, every_s, lambda number: (number + phase) % 25 == 0, before=25)


def _some_fail(scene: Scene, failing: Sequence[int], runs: int, every_s: float = 5.0) -> None:
    shift = scene.random.randrange(3)
    _fail(scene, every_s, lambda number: number - shift in failing, runs=runs)


def _others_fail(scene: Scene) -> None:
    """Tools fail and are retried, runs are cancelled: no run fails."""
    at_s = 1.0
    for number in range(80):
        root = scene.run(at_s)
        done_s = scene.tool(root, at_s + 0.1, "search", {"q": number}, error="ConnectionError: refused")
        scene.tool(root, done_s + 0.1, "search", {"q": number})
        scene.end(root, at_s + 2, Outcome.CANCELLED if number % 4 == 0 else Outcome.OK)
        at_s += scene.random.uniform(2.5, 4)
    scene.looks(at_s)


def _told_twice(scene: Scene) -> None:
    """Fail rarely, and tell each run's end twice."""
    _fail(scene, 2.0, lambda number: number in (20, 60), before=25, runs=75)
    tell_again(scene, after_s=scene.random.uniform(0.1, 3))


ERROR_RATE = Suite(
    "error_rate",
    (
        Story("mild: 6 %", partial(_burst, share=1 / 16), 15),
        Story("clear: 10 %", partial(_burst, share=0.1), 12),
        Story("gross: 50 %", partial(_burst, share=0.5), 12),
    ),
    (
        Story("4 % of the runs fail", _four_percent, 25),
        Story("1 error in 8 runs", partial(_some_fail, failing=(3,), runs=8), 15),
        Story("2 errors in 20 runs", partial(_some_fail, failing=(4, 5), runs=20), 15),
        Story("2 failures in a row", partial(_some_fail, failing=(1, 2), runs=6), 10),
        Story("3 errors in 15 minutes", partial(_some_fail, failing=(10, 80, 150), runs=180), 10),
        Story("tools fail and are retried, runs are cancelled", _others_fail, 15),
        Story("2 errors in 75 runs, all told twice", _told_twice, 10),
        Story("no run fails", partial(_some_fail, failing=(), runs=60), 10),
    ),
    doubled="share",
    note="A run every 1, 2 or 4 seconds after a minute without errors. The rule's minimum is the run with which its own "
    "arithmetic (share, three errors, Wilson's lower bound) is first true.",
)


# -- dependency_timeouts ---------------------------------------------------------------------------------------------

TIMEOUTS = ("TimeoutError", "httpx.ReadTimeout", "requests.exceptions.ConnectTimeout", "openai.APITimeoutError")
RESETS = ("ConnectionResetError", "httpx.ConnectError", "requests.exceptions.ConnectionError")
THROTTLES = ("openai.RateLimitError", "anthropic.RateLimitError", "429")


def _depend(
    scene: Scene,
    outcomes: Sequence[str | None],
    *,
    lasts_s: float = 8.0,
    every_s: float = 12.0,
    is_model: bool | None = None,
) -> list[float]:
    """Call one dependency again and again; an outcome is an error's type or None. Gives the times of the ends."""
    is_model = scene.random.random() < 0.5 if is_model is None else is_model
    root = scene.run(0.5)
    at_s, ends = 1.0, []
    for number, error in enumerate(outcomes):
        took_s = lasts_s * scene.random.uniform(0.8, 1.2) if error else 0.8
        told = f"{error}: no answer" if error else None
        if is_model:
            at_s = scene.ask(root, at_s, said=f"answer {number}", lasts_s=took_s, error=told, server="api.example.com")
        else:
            at_s = scene.tool(
                root, at_s, "orders_api", {"order": number}, f"order {number}", lasts_s=took_s, error=told
            )
        ends.append(at_s)
        at_s += every_s * scene.random.uniform(0.5, 1.0)
    scene.end(root, at_s)
    scene.looks(at_s + 5)
    return ends


def _out(
    scene: Scene,
    errors: Sequence[str],
    failing: int,
    *,
    lasts_s: float = 8.0,
    every_s: float = 12.0,
    mixed: bool = False,
) -> Truth:
    """Answer some calls, then fail: it is wrong with the fourth in a row."""
    answered = scene.random.randrange(4)
    error = scene.random.choice(errors)
    failures = [scene.random.choice(errors) if mixed else error for _ in range(failing)]
    ends = _depend(scene, [*[None] * answered, *failures], lasts_s=lasts_s, every_s=every_s)
    return Truth(ends[answered + 3], ends[-1] + 30)


def _nearly(scene: Scene, pattern: str, errors: Sequence[str] = TIMEOUTS, **how: float) -> None:
    """Fail as the pattern says: `x` fails, `.` answers, `r` is reset, `t` is throttled."""
    error = scene.random.choice(errors)
    words = {"x": error, ".": None, "r": scene.random.choice(RESETS), "t": scene.random.choice(THROTTLES)}
    _depend(scene, [words[letter] for letter in pattern], **how)  # type: ignore[arg-type]  # numbers by name


def _told_twice_each(scene: Scene) -> None:
    """Let two calls time out, and tell their ends twice."""
    _nearly(scene, ".xx.")
    tell_again(scene, after_s=scene.random.uniform(0, 0.3))


def _several(scene: Scene) -> None:
    """Let several dependencies time out twice each, in turn: none of them four times."""
    root = scene.run(0.5)
    at_s = 1.0
    for number in range(8):
        name = ("orders_api", "stock_api", "mail_api", "search")[number % 4]
        at_s = scene.tool(
            root, at_s, name, {"n": number}, lasts_s=5, error=f"{scene.random.choice(TIMEOUTS)}: no answer"
        )
        at_s += 2
    scene.end(root, at_s)
    scene.looks(at_s + 5)


DEPENDENCY_TIMEOUTS = Suite(
    "dependency_timeouts",
    (
        Story("mild: 4 time-outs in a row", partial(_out, errors=TIMEOUTS, failing=4), 10),
        Story(
            "mild: slow drip, 4 time-outs of 60 s", partial(_out, errors=TIMEOUTS, failing=4, lasts_s=60, every_s=5), 5
        ),
        Story("clear: 6 resets", partial(_out, errors=RESETS, failing=6), 7),
        Story("clear: 5 refusals for rate (429)", partial(_out, errors=THROTTLES, failing=5, lasts_s=0.2), 7),
        Story(
            "gross: black hole, 20 time-outs",
            partial(_out, errors=TIMEOUTS, failing=20, every_s=2, lasts_s=3, mixed=True),
            7,
        ),
    ),
    (
        Story("3 time-outs in a row", partial(_nearly, pattern="..xxx."), 15),
        Story("two retries, then success, again and again", partial(_nearly, pattern="xx.xx.xx.xx."), 15),
        Story("3 time-outs, one success, 3 time-outs", partial(_nearly, pattern="xxx.xxx."), 15),
        Story("4 time-outs, two minutes between", partial(_nearly, pattern="xxxx", every_s=240.0), 10),
        Story("time-outs and refusals by turns: none four times", partial(_nearly, pattern="xtrtxt."), 10),
        Story("4 dependencies, two time-outs each", _several, 15),
        Story(
            "the same call fails for another reason",
            partial(_nearly, pattern="xxxxxx", errors=("ValueError", "KeyError")),
            10,
        ),
    ),
    doubled="consecutive",
    note="A model's provider or a tool; it is wrong with the fourth failure in a row, so the rule needs no more time.",
)

SUITES = (SLOW_RESPONSE, ERROR_RATE, DEPENDENCY_TIMEOUTS)
