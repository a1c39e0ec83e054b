"""What is known of a call when it opens, in the conventions' words: the attributes that samplers may look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from foretell.model.call import Call
from foretell.model.facts import InferenceFacts, MemoryFacts, RetrievalFacts, ToolFacts
from foretell.model.kinds import Kind
from foretell.semconv import genai, own

NO_INFERENCE = InferenceFacts()
NO_TOOL = ToolFacts()
NO_RETRIEVAL = RetrievalFacts()
NO_MEMORY = MemoryFacts()

Attributes = dict[str, Any]  # an attribute's value: string, number, truth, or a list of one of these


def _start_inference(call: Call) -> Attributes:
    facts: InferenceFacts = call.facts or NO_INFERENCE  # type: ignore[assignment]  # the kind fits the facts
    attributes: Attributes = {genai.OPERATION: "embeddings" if call.kind is Kind.EMBEDDINGS else facts.operation}
    if facts.provider is not None:
        attributes[genai.PROVIDER] = facts.provider
    elif call.end_ns is not None:
        attributes[genai.PROVIDER] = genai.UNKNOWN_PROVIDER
    if facts.request_model is not None:
        attributes[genai.REQUEST_MODEL] = facts.request_model
    if facts.server_address is not None:
        attributes[genai.SERVER_ADDRESS] = facts.server_address
        if facts.server_port is not None:
            attributes[genai.SERVER_PORT] = facts.server_port
    if call.agent_name is not None:
        attributes[genai.AGENT_NAME] = call.agent_name
    return attributes


def _start_tool(call: Call) -> Attributes:
    facts: ToolFacts = call.facts or NO_TOOL  # type: ignore[assignment]  # the kind fits the facts
    attributes: Attributes = {
        genai.OPERATION: "execute_tool",
        genai.TOOL_NAME: call.name,
        genai.TOOL_TYPE: facts.type,
    }
    if call.agent_name is not None:
        attributes[genai.AGENT_NAME] = call.agent_name
    if facts.call_id is not None:
        attributes[genai.TOOL_CALL_ID] = facts.call_id
    if facts.description is not None:
        attributes[genai.TOOL_DESCRIPTION] = facts.description
    return attributes


def _start_agent(call: Call) -> Attributes:
    attributes: Attributes = {genai.OPERATION: "invoke_agent"}
    if call.name:
        attributes[genai.AGENT_NAME] = call.name
    if call.version is not None:
        attributes[own.AGENT_VERSION] = call.version
    if call.rss_open_bytes is not None:
        attributes[own.PROCESS_RSS] = call.rss_open_bytes
    return attributes


def _start_workflow(call: Call) -> Attributes:
    attributes: Attributes = {genai.OPERATION: "invoke_workflow"}
    if call.name:
        attributes[genai.WORKFLOW_NAME] = call.name
    if call.agent_name is not None:
        attributes[genai.AGENT_NAME] = call.agent_name
    return attributes


def _start_retrieval(call: Call) -> Attributes:
    facts: RetrievalFacts = call.facts or NO_RETRIEVAL  # type: ignore[assignment]  # the kind fits the facts
    attributes: Attributes = {genai.OPERATION: "retrieval"}
    if facts.provider is not None:
        attributes[genai.PROVIDER] = facts.provider
    if facts.data_source_id is not None:
        attributes[genai.DATA_SOURCE_ID] = facts.data_source_id
    if call.agent_name is not None:
        attributes[genai.AGENT_NAME] = call.agent_name
    return attributes


def _start_memory(call: Call) -> Attributes:
    facts: MemoryFacts = call.facts or NO_MEMORY  # type: ignore[assignment]  # the kind fits the facts
    attributes: Attributes = {genai.OPERATION: facts.operation}
    if facts.provider is not None:
        attributes[genai.PROVIDER] = facts.provider
    if facts.store_id is not None:
        attributes[genai.MEMORY_STORE_ID] = facts.store_id
    if call.agent_name is not None:
        attributes[genai.AGENT_NAME] = call.agent_name
    return attributes


def _start_plan(call: Call) -> Attributes:
    attributes: Attributes = {genai.OPERATION: "plan"}
    if call.agent_name is not None:
        attributes[genai.AGENT_NAME] = call.agent_name
    return attributes


def _start_step(call: Call) -> Attributes:
    return {} if call.agent_name is None else {genai.AGENT_NAME: call.agent_name}


def _start_foreign(call: Call) -> Attributes:
    return dict(call.attributes) if call.attributes else {}


OPENINGS: dict[Kind, Callable[[Call], Attributes]] = {
    Kind.AGENT: _start_agent,
    Kind.WORKFLOW: _start_workflow,
    Kind.LLM: _start_inference,
    Kind.EMBEDDINGS: _start_inference,
    Kind.TOOL: _start_tool,
    Kind.RETRIEVER: _start_retrieval,
    Kind.MEMORY: _start_memory,
    Kind.PLAN: _start_plan,
    Kind.STEP: _start_step,
    Kind.SPAN: _start_foreign,
}
"""How to begin a dictionary of attributes, by kind; the caller owns what it gets."""
