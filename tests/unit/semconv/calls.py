"""Calls of every kind, with everything filled in, for the tests of this room."""

from __future__ import annotations

from datetime import date

from foretell.model.call import Call
from foretell.model.facts import (
    AgentTotals,
    ErrorFacts,
    InferenceFacts,
    MemoryFacts,
    RetrievalFacts,
    Session,
    ToolFacts,
)
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.usage import Cost, Usage

RUN_ID = "00000000000000aa"
SECOND = 1_000_000_000


def make_call(kind: Kind, name: str, /, **fields) -> Call:
    """Return a finished call with a session, inside an agent named `planner`."""
    call = Call(kind, name, id=0xBB, trace_id=0xCC, run_id=RUN_ID, start_ns=SECOND)
    call.end_ns = 3 * SECOND
    call.outcome = Outcome.OK
    call.parent_id = 0xAA
    call.step_index = 7
    call.agent_name = "planner"
    call.session = Session("s-1", "u-1", "c-1")
    for field, value in fields.items():
        setattr(call, field, value)
    return call


def llm(**fields) -> Call:
    facts = InferenceFacts(
        provider="openai",
        request_model="gpt-5",
        response_model="gpt-5-2026-08-01",
        response_id="resp_1",
        finish_reasons=("stop", "length"),
        request={
            "max_tokens": 100,
            "temperature": 0.5,
            "top_p": 1.0,
            "top_k": 40,
            "seed": 7,
            "stop_sequences": ["END"],
            "choice_count": 2,
            "reasoning_level": "high",
            "previous_response_id": "resp_0",
            "frequency_penalty": 0.1,
            "presence_penalty": 0.2,
            "service_tier": "auto",
        },
        output_type="json",
        conversation_is_compacted=True,
        is_stream=True,
        time_to_first_chunk_s=0.25,
        server_address="api.openai.com",
        server_port=443,
        service_tier="default",
        system_fingerprint="fp_1",
        api_type="chat_completions",
    )
    usage = Usage(
        uncached_input=100,
        cache_read=20,
        cache_write=3,
        output=30,
        reasoning=5,
        input_by_modality={"text": 113, "image": 10},
        output_by_modality={"text": 35},
        cache_read_by_modality={"text": 20},
        is_estimated=True,
    )
    cost = Cost(0.0125, "genai-prices", date(2026, 11, 1))
    return make_call(Kind.LLM, "gpt-5", **{"facts": facts, "usage": usage, "cost": cost, **fields})


def embeddings(**fields) -> Call:
    facts = InferenceFacts(
        provider="cohere",
        operation="embeddings",
        request_model="embed-v4",
        response_model="embed-v4",
        dimension_count=1024,
        server_address="api.cohere.com",
        server_port=443,
    )
    cost = Cost(0.001, "override")
    return make_call(Kind.EMBEDDINGS, "embed-v4", **{"facts": facts, "usage": Usage(8), "cost": cost, **fields})


def tool(**fields) -> Call:
    facts = ToolFacts(call_id="call_1", description="Looks things up.")
    return make_call(Kind.TOOL, "search", **{"facts": facts, **fields})


def agent(**fields) -> Call:
    given = {"agent_name": "planner", "version": "1.2", "rss_close_bytes": 50_000_000, **fields}
    return make_call(Kind.AGENT, "planner", **given)


def workflow(**fields) -> Call:
    return make_call(Kind.WORKFLOW, "triage", **fields)


def retriever(**fields) -> Call:
    facts = RetrievalFacts(data_source_id="docs", provider="pinecone", top_k=3)
    return make_call(Kind.RETRIEVER, "retrieval docs", **{"facts": facts, **fields})


def memory(**fields) -> Call:
    facts = MemoryFacts("search_memory", "store-1", "record-1", 2, "mem0")
    return make_call(Kind.MEMORY, "search_memory", **{"facts": facts, **fields})


def plan(**fields) -> Call:
    return make_call(Kind.PLAN, "plan planner", **fields)


def step(**fields) -> Call:
    return make_call(Kind.STEP, "prepare_data", **fields)


EVERY_KIND = (llm, embeddings, tool, agent, workflow, retriever, memory, plan, step)
FAILED = {"outcome": Outcome.ERROR, "error": ErrorFacts("ValueError", "no such thing", "Traceback …")}
CANCELLED = {"outcome": Outcome.CANCELLED, "error": ErrorFacts("asyncio.exceptions.CancelledError")}
TOTALS = AgentTotals(inference_calls=2, tool_calls=1, input_tokens=123, output_tokens=35, cost_usd=0.01)


def payload(text: str, **fields) -> Payload:
    return Payload(text, len(text.encode()), **fields)
