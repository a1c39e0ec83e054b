"""CrewAI: crews, agents and tools; model calls come from the provider's client or LiteLLM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.integrations.integration import Integration, Undo, Wiring, openinference, openllmetry, own

if TYPE_CHECKING:
    from foretell.integrations.wrapping.local_calls import Described

INTEGRATION = Integration(
    name="crewai",
    title="CrewAI",
    distribution="crewai",
    module="crewai",
    candidates=(
        # OpenLLMetry's leaves out tools and calls agents by their task's text.
        own("foretell.integrations.frameworks.crewai:switch_on", ">=1,<2"),
        openinference("crewai", "CrewAIInstrumentor", ">=1.10.1"),
        openllmetry("crewai", "CrewAIInstrumentor", ">=1,<2"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of crews as workflows, of their agents' tasks and of tools."""
    from foretell.integrations.wrapping.local_calls import AGENT, TOOL, WORKFLOW, LocalCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    crews = LocalCalls(wiring, WORKFLOW, _describe_crew)
    agents = LocalCalls(wiring, AGENT, _describe_agent)
    tools = LocalCalls(wiring, TOOL, _describe_tool)
    return wrap_points(
        (
            WrapPoint("crewai.crew", "Crew.kickoff", crews),
            WrapPoint("crewai.crew", "Crew.akickoff", crews, is_needed=False),
            WrapPoint("crewai.agent.core", "Agent.execute_task", agents),
            WrapPoint("crewai.agent.core", "Agent.aexecute_task", agents, is_needed=False),
            WrapPoint("crewai.tools.base_tool", "BaseTool.run", tools),
            WrapPoint("crewai.tools.base_tool", "Tool.run", tools, is_needed=False),
        )
    )


def _describe_crew(crew: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Described:
    from foretell.integrations.wrapping.local_calls import Described

    return Described(crew.name or "crew", kwargs.get("inputs", args[0] if args else None))


def _describe_agent(agent: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Described:
    from foretell.integrations.wrapping.local_calls import Described

    task = kwargs.get("task", args[0] if args else None)
    return Described(agent.role.strip(), getattr(task, "description", None))


def _describe_tool(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Described:
    from foretell.integrations.wrapping.local_calls import Described

    return Described(tool.name, kwargs or list(args))
