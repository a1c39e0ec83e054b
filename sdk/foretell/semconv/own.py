"""Everything that Foretell names itself: attributes, metrics, log sources. Docs, rules, dashboards follow it."""

from __future__ import annotations

from foretell.semconv import buckets, genai
from foretell.semconv.table import Attribute, EventShape, Level, Metric, MetricKind, ValueType

RUN_ID = "foretell.run.id"
STEP_INDEX = "foretell.step.index"
AGENT_VERSION = "foretell.agent.version"
COST_AMOUNT = "foretell.cost.amount"
COST_CURRENCY = "foretell.cost.currency"
COST_SOURCE = "foretell.cost.source"
COST_PRICE_DATE = "foretell.cost.price_date"
USAGE_ESTIMATED = "foretell.usage.estimated"
CONTEXT_LIMIT = "foretell.context.limit"
CONTEXT_UTILIZATION = "foretell.context.utilization"
INPUT_REF = "foretell.payload.input.ref"
OUTPUT_REF = "foretell.payload.output.ref"
REDACTIONS_COUNT = "foretell.redactions"
TRUNCATED_FIELDS = "foretell.truncated"
PROCESS_RSS = "foretell.process.rss"
LOG_SOURCE = "foretell.log.source"
LOG_LOGGER = "foretell.log.logger"
FINDING_EVENT = "foretell.finding"
POLLER = "foretell.poller"

CURRENCY = "USD"
"""The only currency that prices are kept in."""


def _one(name: str, type: ValueType = "string", condition: str = "") -> Attribute:
    return Attribute(name, type, Level.CONDITIONAL, condition)


ATTRIBUTES: tuple[Attribute, ...] = (
    _one(RUN_ID, condition="always, on our own spans"),
    _one(STEP_INDEX, "int", "known"),
    _one(AGENT_VERSION, condition="the agent's author gave one"),
    _one(COST_AMOUNT, "double", "inference whose price is known"),
    _one(COST_CURRENCY, condition="with the amount"),
    _one(COST_SOURCE, condition="with the amount: genai-prices, override or reported"),
    _one(COST_PRICE_DATE, condition="the price comes from a dated list"),
    _one(USAGE_ESTIMATED, "bool", "only ever true: the provider gave no counts"),
    _one(CONTEXT_LIMIT, "int", "the model's window is known"),
    _one(CONTEXT_UTILIZATION, "double", "the model's window and the input are known"),
    _one(INPUT_REF, condition="the input is over the inline cap: sha256 of the blob"),
    _one(OUTPUT_REF, condition="the output is over the inline cap: sha256 of the blob"),
    _one(REDACTIONS_COUNT, "int", "something was redacted"),
    _one(TRUNCATED_FIELDS, "string[]", "something was shortened"),
    _one(PROCESS_RSS, "int", "agents: bytes at close; at open until then"),
    _one(POLLER, "bool", "set by the program: a tool that is called again and again on purpose"),
)
"""On spans."""

FINDING_ATTRIBUTES = (
    Attribute("trigger", level=Level.REQUIRED),
    Attribute("severity", level=Level.REQUIRED),
    Attribute("summary", level=Level.REQUIRED),
)
"""Of `foretell.finding`, the span event and the log record."""
EVENTS: tuple[EventShape, ...] = (EventShape(FINDING_EVENT, None, None, Level.CONDITIONAL, FINDING_ATTRIBUTES),)
"""Log records with an event name."""

LOG_SOURCES = (
    "foretell",
    "commentary",
    "server",
    "agent",
    "llm",
    "tool",
    "session",
    "websocket",
    "user_script",
    "sandbox",
)
"""Values of `foretell.log.source`; `foretell` is our own, `commentary` are findings, explained."""

FORBIDDEN_LABELS = frozenset({RUN_ID, genai.SESSION_ID, genai.USER_ID, genai.CONVERSATION_ID, genai.RESPONSE_ID})
"""Never on a metric: they have no bound. They are reached by links from a trace."""

_AGENT = Attribute(genai.AGENT_NAME, level=Level.CONDITIONAL, condition="an agent is known")


def _metric(
    name: str,
    kind: MetricKind,
    unit: str,
    description: str,
    labels: tuple[str, ...] = (),
    *,
    optional: tuple[str, ...] = (),
    bounds: tuple[float, ...] | None = None,
) -> Metric:
    """Return a row whose labels stand beside the agent's name, which every metric of ours carries where it is known."""
    required = tuple(Attribute(label, level=Level.REQUIRED) for label in labels)
    known = tuple(Attribute(label, level=Level.CONDITIONAL, condition="known") for label in optional)
    return Metric(name, kind, unit, description, (_AGENT, *required, *known), bounds)


def _fate(name: str) -> Metric:
    """Return the counter of telemetry that met one fate."""
    description = f"Items of telemetry that were {name}."
    return _metric(f"foretell.telemetry.{name}", "counter", "{item}", description, ("signal",), optional=("reason",))


AGENT_RUNS = _metric("foretell.agent.runs", "counter", "{run}", "Runs that ended.", ("outcome",))
AGENT_ACTIVE = _metric("foretell.agent.active", "gauge", "{run}", "Runs that are open now.")
AGENT_OLDEST_START = _metric(
    "foretell.agent.oldest_active.start_time", "gauge", "s", "Unix time at which the oldest open run began."
)
AGENT_HEARTBEAT = _metric(
    "foretell.agent.heartbeat.time", "gauge", "s", "Unix time of the last sign of life; 0 after a goodbye."
)
AGENT_UPTIME = _metric("foretell.agent.uptime", "gauge", "s", "Time since the agent was first seen in this process.")
CALLS = _metric(
    "foretell.calls",
    "counter",
    "{call}",
    "Calls along one edge of the agent graph.",
    ("source", "target", "kind", "outcome"),
)
DEPENDENCY_CALLS = _metric(
    "foretell.dependency.calls", "counter", "{call}", "Calls to something outside.", ("dependency", "outcome")
)
COST = _metric("foretell.cost", "counter", "{USD}", "Money spent on inferences.", ("provider", "model"))
UNPRICED_TOKENS = _metric(
    "foretell.unpriced.tokens", "counter", "{token}", "Tokens whose price is unknown.", ("provider", "model")
)
BUDGET_LIMIT = _metric("foretell.budget.limit", "gauge", "{USD}", "What may be spent in a period.", ("period",))
BUDGET_SPENT = _metric("foretell.budget.spent", "gauge", "{USD}", "What was spent in the period so far.", ("period",))
CONTEXT_FILL = _metric(
    CONTEXT_UTILIZATION,
    "histogram",
    "{fraction}",
    "Share of the model's window that an inference filled.",
    ("model",),
    bounds=buckets.FRACTION,
)
FINDINGS = _metric("foretell.findings", "counter", "{finding}", "Findings that began.", ("trigger", "severity"))
FINDING_ACTIVE = _metric(
    "foretell.finding.active", "gauge", "{finding}", "Findings that are firing.", ("trigger", "severity")
)
FINDING_TIME_TO_RESOLVE = _metric(
    "foretell.finding.time_to_resolve",
    "histogram",
    "s",
    "From a finding's onset to its end.",
    ("trigger",),
    bounds=buckets.WORKFLOW_S,
)
EVENT_LOOP_HEARTBEAT = _metric(
    "foretell.event_loop.heartbeat.time",
    "gauge",
    "s",
    "Unix time at which an event loop last turned.",
    optional=("thread.role",),
)
THREAD_CPU = _metric("foretell.thread.cpu", "counter", "s", "CPU time of threads by their role.", ("thread.role",))
SCORE = _metric(
    "foretell.score",
    "histogram",
    "{score}",
    "User feedback and results of tasks.",
    ("name",),
    bounds=buckets.SCORE,
)
TELEMETRY_STARTED = _fate("started")
TELEMETRY_ENDED = _fate("ended")
TELEMETRY_EXPORTED = _fate("exported")
TELEMETRY_DROPPED = _fate("dropped")
TELEMETRY_TRUNCATED = _fate("truncated")
REDACTIONS = _metric("foretell.redactions", "counter", "{match}", "Matches that were redacted.", ("rule",))

METRICS: tuple[Metric, ...] = (
    AGENT_RUNS,
    AGENT_ACTIVE,
    AGENT_OLDEST_START,
    AGENT_HEARTBEAT,
    AGENT_UPTIME,
    CALLS,
    DEPENDENCY_CALLS,
    COST,
    UNPRICED_TOKENS,
    BUDGET_LIMIT,
    BUDGET_SPENT,
    CONTEXT_FILL,
    FINDINGS,
    FINDING_ACTIVE,
    FINDING_TIME_TO_RESOLVE,
    EVENT_LOOP_HEARTBEAT,
    THREAD_CPU,
    SCORE,
    TELEMETRY_STARTED,
    TELEMETRY_ENDED,
    TELEMETRY_EXPORTED,
    TELEMETRY_DROPPED,
    TELEMETRY_TRUNCATED,
    REDACTIONS,
)
