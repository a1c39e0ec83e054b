"""LangGraph: a graph of a model and its tools."""

from cases import play
from langchain.chat_models import init_chat_model
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


model = init_chat_model("openai:gpt-4o-mini", stream_usage=True).bind_tools([get_weather])


def call_model(state: MessagesState):
    return {"messages": [model.invoke(state["messages"])]}


async def acall_model(state: MessagesState):
    return {"messages": [await model.ainvoke(state["messages"])]}


def build(node):
    builder = StateGraph(MessagesState)
    builder.add_node("agent", node)
    builder.add_node("tools", ToolNode([get_weather]))
    builder.add_edge(START, "agent")
    builder.add_conditional_edges("agent", tools_condition)
    builder.add_edge("tools", "agent")
    return builder.compile(name="weather_graph")


graph = build(call_model)
async_graph = build(acall_model)


def ask(question):
    return {"messages": [{"role": "user", "content": question}]}


def plain(question):
    return graph.invoke(ask(question))["messages"][-1].content


async def asynchronous(question):
    return (await async_graph.ainvoke(ask(question)))["messages"][-1].content


def stream(question):
    said = ""
    for message, _ in graph.stream(ask(question), stream_mode="messages"):
        if message.type == "AIMessageChunk":
            said += message.content
    return said


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
