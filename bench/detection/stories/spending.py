"""Tokens and money: the model's window, the budget, the price."""

from __future__ import annotations

from functools import partial

from bench.detection.episode import Truth
from bench.detection.scene import WINDOWS, Scene
from bench.detection.suite import Story, Suite
from foretell.model.kinds import Kind

HOUR_S = 3_600.0

# -- context_overflow ------------------------------------------------------------------------------------------------

TOO_LONG = (
    (
        "gpt-4o",
        "openai.BadRequestError: This model's maximum context length is 128000 tokens. However, your messages resulted in 131204 tokens.",
    ),
    ("gpt-4o", "openai.BadRequestError: Error code: 400 - {'error': {'code': 'context_length_exceeded'}}"),
    ("claude-sonnet-4-5", "anthropic.BadRequestError: prompt is too long: 208310 tokens > 200000 maximum"),
)


def _talk(scene: Scene, model: str, shares: list[float], *, cached: float = 0.0, output: int = 300) -> list[float]:
    """Ask the same model again and again with the window so full; gives the times of the answers."""
    root = scene.run(0.5)
    at_s, ends = 1.0, []
    for turn, share in enumerate(shares):
        tokens = int(share * WINDOWS[model])
        provider = "anthropic" if model.startswith("claude") else "openai"
        at_s = scene.ask(
            root, at_s, f"turn {turn}: {scene.random.random()}", model=model, provider=provider,
            tokens=(tokens, output), cached=int(cached * tokens),
        )  # fmt: skip
        ends.append(at_s)
        at_s = scene.tool(root, at_s + 0.2, "read_file", {"page": turn}, f"text {turn}") + 0.2
    scene.end(root, at_s)
    scene.looks(at_s + 2)
    return ends


def _grow(scene: Scene, to: float, step: float) -> Truth:
    """Fill the window step by step: it is wrong when nine tenths are full, or three turns are left."""
    model = scene.random.choice(list(WINDOWS))
    shares = [to - step * number for number in range(12)]
    shares = [share for share in reversed(shares) if share > 0.05]
    ends = _talk(scene, model, shares, cached=scene.random.choice((0, 0.5)))
    wrong = next(at for at, share in enumerate(shares) if share > 0.9 or (at > 0 and (1 - share) / step < 3))
    return Truth(ends[wrong], ends[-1] + 30)


def _jump(scene: Scene) -> Truth:
    """Jump to the brim with one long result."""
    model = scene.random.choice(list(WINDOWS))
    shares = [0.2, 0.21, 0.22, scene.random.uniform(0.91, 0.99)]
    return Truth(_talk(scene, model, shares)[-1], 60)


def _refused(scene: Scene) -> Truth:
    """Be refused by the provider: the request was longer than the window."""
    model, error = scene.random.choice(TOO_LONG)
    root = scene.run(0.5)
    done_s = scene.ask(root, 1.0, "working", model=model, tokens=(30_000, 200))
    at_s = scene.ask(root, done_s + 1, model=model, error=error)
    scene.end(root, at_s + 1, error=error)
    scene.looks(at_s + 5)
    return Truth(at_s, at_s + 30)


def _roomy(scene: Scene, shares: list[float], model: str | None = None) -> None:
    shaken = [share * scene.random.uniform(0.995, 1.0) for share in shares]
    _talk(scene, model or scene.random.choice(list(WINDOWS)), sorted(shaken[:-1]) + shaken[-1:])


def _unknown_window(scene: Scene) -> None:
    """Ask a model that nobody knows: how large its window is cannot be told."""
    root, at_s = scene.run(0.5), 1.0
    for turn in range(8):
        at_s = (
            scene.ask(
                root, at_s, f"turn {turn}", model="house-model-7", provider="house", tokens=(turn * 40_000 + 1, 50)
            )
            + 1
        )
    scene.end(root, at_s)
    scene.looks(at_s + 2)


def _other_errors(scene: Scene) -> None:
    """Fail for reasons that only sound like it."""
    root = scene.run(0.5)
    at_s = scene.ask(root, 1.0, error="openai.BadRequestError: Invalid value for 'temperature': must be at most 2.")
    at_s = scene.ask(
        root, at_s + 1, error="openai.RateLimitError: Request too large for tokens per min (TPM): Limit 30000"
    )
    at_s = scene.tool(root, at_s + 1, "parse", {"text": "x"}, error="ValueError: maximum line length is 120")
    scene.end(root, at_s + 1)
    scene.looks(at_s + 5)


CONTEXT_OVERFLOW = Suite(
    "context_overflow",
    (
        Story("mild: slow growth to 0.92", partial(_grow, to=0.92, step=0.004), 10),
        Story("clear: growth to 0.97 by 0.08 a turn", partial(_grow, to=0.97, step=0.08), 8),
        Story("clear: jump past nine tenths", _jump, 8),
        Story("gross: the provider refuses", _refused, 10),
    ),
    (
        Story("slow growth to 0.88", partial(_roomy, shares=[0.84 + 0.004 * turn for turn in range(11)]), 25),
        Story("growth to 0.5", partial(_roomy, shares=[0.1 * turn for turn in range(1, 6)]), 15),
        Story("compacted at 0.85", partial(_roomy, shares=[0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.15]), 15),
        Story("a model whose window is unknown", _unknown_window, 15),
        Story("other errors", _other_errors, 15),
        Story("one long question, then short ones", partial(_roomy, shares=[0.3, 0.3, 0.31, 0.3]), 10),
    ),
    doubled="share",
    note="It is wrong with the answer that fills nine tenths, leaves fewer than three turns, or is refused: no more time is needed.",
)


# -- cost ------------------------------------------------------------------------------------------------------------


def _spend(scene: Scene, amounts: list[float], *, every_s: float = 4.0, nested: bool = False) -> list[float]:
    """Spend in one run, call by call; gives the times of the answers."""
    root = scene.run(0.5)
    below = scene.open(root, Kind.AGENT, "helper", 0.8) if nested else None
    at_s, ends = 1.0, []
    for number, amount in enumerate(amounts):
        where = below if below is not None and number % 2 else root
        at_s = scene.ask(where, at_s, f"answer {number}", cost_usd=amount)
        ends.append(at_s)
        at_s += every_s * scene.random.uniform(0.2, 1)
    if below is not None:
        scene.end(below, at_s)
    scene.end(root, at_s + 0.3)
    scene.looks(at_s + 5)
    return ends


def _dear(scene: Scene, total: float, calls: int) -> Truth:
    """Spend more than a run may: it is wrong with the answer that crosses the line."""
    amounts = [total / calls] * calls
    ends = _spend(scene, amounts, nested=scene.random.random() < 0.5)
    crossed = next(at for at in range(calls) if sum(amounts[: at + 1]) > 0.10 + 1e-9)
    return Truth(ends[crossed], ends[-1] + 30)


def _cheap(scene: Scene, total: float, calls: int) -> None:
    _spend(scene, [total / calls] * calls, nested=scene.random.random() < 0.5)


def _many_cheap(scene: Scene) -> None:
    at_s = 0.5
    for _ in range(12):
        root = scene.run(at_s)
        at_s = scene.ask(root, at_s + 0.1, cost_usd=0.05)
        scene.end(root, at_s + 0.1)
        at_s += 1
    scene.looks(at_s)


def _priceless(scene: Scene) -> None:
    """Use very many tokens of a model whose price is unknown: unknown is not dear."""
    root, at_s = scene.run(0.5), 1.0
    for _ in range(5):
        at_s = scene.ask(root, at_s, model="house-model-7", provider="house", tokens=(90_000, 5_000), cost_usd=None) + 1
    scene.end(root, at_s)
    scene.looks(at_s)


COST_RUN_LIMIT = Suite(
    "cost_run_limit",
    (
        Story("mild: $0.11 to $0.19 in a run", lambda scene: _dear(scene, scene.random.uniform(0.11, 0.19), 12), 14),
        Story("clear: $0.50 in ten calls", partial(_dear, total=0.5, calls=10), 12),
        Story("gross: $5 in one call", partial(_dear, total=5.0, calls=1), 10),
    ),
    (
        Story("$0.09 in a run", partial(_cheap, total=0.09, calls=9), 30),
        Story("$0.09 in one call", partial(_cheap, total=0.09, calls=1), 15),
        Story("12 runs of $0.05", _many_cheap, 20),
        Story("many tokens without a price", _priceless, 20),
        Story("$0.001 in a run", partial(_cheap, total=0.001, calls=5), 10),
    ),
    doubled="run_usd",
    note="It is wrong with the answer that crosses the line: no more time is needed.",
)


def _pay(scene: Scene, rate_usd_h: list[tuple[float, float]], every_s: float = 20.0, begin_s: float = 0.0) -> float:
    """Spend at rates (hours, dollars an hour), in runs of one answer each; gives the end."""
    at_s = begin_s
    for hours, rate in rate_usd_h:
        end_s = at_s + hours * HOUR_S
        while at_s < end_s:
            root = scene.run(at_s)
            done_s = scene.ask(root, at_s + 0.1, cost_usd=rate * every_s / HOUR_S * scene.random.uniform(0.9, 1.1))
            scene.end(root, done_s + 0.1)
            at_s += every_s
    scene.looks(at_s, begin_s, every_s=30.0)
    return at_s


def _spike(scene: Scene, rate: float) -> Truth:
    """Spend six times too fast and more: the hour's sum must show it, and so must the last five minutes."""
    calm_h = scene.random.uniform(0.5, 2.0)
    begin_s = calm_h * HOUR_S
    end_s = _pay(scene, [(calm_h, 0.2), (2.0, rate)])
    day_usd, pace = 10.0, 6 * 10.0 / 24
    # The sum of the last hour passes the pace after this time; a budget that is used up is wrong as well.
    enough_s = min((pace - 0.2) / (rate - 0.2) * HOUR_S, (day_usd - calm_h * 0.2) / rate * HOUR_S)
    return Truth(begin_s, end_s, enough_s + 60)


def _slow_burn(scene: Scene, rate: float) -> Truth:
    """Spend evenly, but so that the day's budget is gone before the day is: six hours show it."""
    end_s = _pay(scene, [(14.0, rate)], every_s=60.0)
    return Truth(0.0, end_s, 6 * HOUR_S)


def _frugal(scene: Scene, rates: list[tuple[float, float]]) -> None:
    _pay(scene, [(hours, rate * scene.random.uniform(0.9, 1.0)) for hours, rate in rates], every_s=60.0)


COST_BURN = Suite(
    "cost_burn",
    (
        Story("mild: $0.60 an hour all day", partial(_slow_burn, rate=0.6), 8),
        Story("clear: $0.90 an hour all day", partial(_slow_burn, rate=0.9), 8),
        Story("clear: $4 an hour", partial(_spike, rate=4.0), 10),
        Story("gross: $60 an hour", partial(_spike, rate=60.0), 10),
    ),
    (
        Story("$0.38 an hour all day", partial(_frugal, rates=[(23.5, 0.38)]), 15),
        Story("$2 in an hour, then nothing", partial(_frugal, rates=[(2, 0.05), (1, 2.0), (4, 0.02)]), 20),
        Story("five minutes at $10 an hour", partial(_frugal, rates=[(2, 0.1), (1 / 12, 10.0), (3, 0.1)]), 20),
        Story("$0.05 an hour", partial(_frugal, rates=[(8, 0.05)]), 20),
        Story("$0.30 an hour over midnight", partial(_frugal, rates=[(30, 0.3)]), 5),
        Story("nothing is spent", partial(_frugal, rates=[(2, 1e-9)]), 10),
    ),
    doubled="day_usd",
    note="A budget of $10 a day and $300 a month. The rule's minimum is the time after which an hour's sum passes six "
    "times the even pace, or six hours for a straight line.",
)


# -- unpriced_tokens -------------------------------------------------------------------------------------------------


def _unpriced(scene: Scene, tokens: tuple[int, int]) -> Truth:
    """Use tokens whose price is unknown, among others that have one."""
    root, at_s = scene.run(0.5), 1.0
    for number in range(scene.random.randrange(4)):
        at_s = scene.ask(root, at_s, f"answer {number}") + 1
    wrong_s = scene.ask(root, at_s, model="house-model-7", provider="house", tokens=tokens, cost_usd=None)
    scene.end(root, wrong_s + 3)
    scene.looks(wrong_s + 30)
    return Truth(wrong_s, wrong_s + 30)


def _priced(scene: Scene, **how: object) -> None:
    root, at_s = scene.run(0.5), 1.0
    for number in range(5):
        at_s = scene.ask(root, at_s, f"answer {number}", **how) + 1  # type: ignore[arg-type]  # keywords by name
    scene.end(root, at_s)
    scene.looks(at_s + 30)


UNPRICED_TOKENS = Suite(
    "unpriced_tokens",
    (
        Story("mild: one token", partial(_unpriced, tokens=(1, 0)), 12),
        Story("clear: a question and its answer", partial(_unpriced, tokens=(900, 80)), 12),
        Story("gross: 90,000 tokens", partial(_unpriced, tokens=(88_000, 2_000)), 8),
    ),
    (
        Story("every model has a price", _priced, 30),
        Story("a price of $0", partial(_priced, model="house-model-7", provider="house", cost_usd=0.0), 20),
        Story("no tokens were counted", partial(_priced, model="house-model-7", provider="house", tokens=None), 20),
        Story("the call failed", partial(_priced, model="house-model-7", error="APIError: no such model"), 15),
        Story("no tokens were used", partial(_priced, model="house-model-7", tokens=(0, 0), cost_usd=None), 10),
    ),
    doubled="min_tokens",
    note="It is wrong with the first token without a price.",
)

SUITES = (CONTEXT_OVERFLOW, COST_BURN, COST_RUN_LIMIT, UNPRICED_TOKENS)
