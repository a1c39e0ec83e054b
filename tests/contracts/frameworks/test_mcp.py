"""An agent and its MCP server are two processes and one run, by every version of the protocol's SDK."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tests.contracts.frameworks.contract import Contract, Sort
from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import play, said_of
from tests.contracts.frameworks.protocols import LOWEST_SDK, SDK_1, SDK_2
from tests.contracts.frameworks.weather import CANARY
from tests.support.haystacks import find_all

CASES = ("over_stdio", "over_http")
FAMILIES = {"mcp": SDK_2, "mcp-1": SDK_1, "mcp-lowest": LOWEST_SDK}
TREE = """
agent weather_agent
  span {begin}
    span {begin}
  span tools/list
    span tools/list
  tool get_weather
    span tools/call get_weather
  tool get_weather
    span tools/call get_weather
  tool get_weather !
    span tools/call get_weather !
""".strip()

ASKED_BACK = """
agent asked_agent
  span initialize
    span initialize
  tool guess_weather
    span tools/call guess_weather
      span sampling/createMessage
        span sampling/createMessage
          llm guess
  span tools/list
    span tools/list
""".strip()

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.parametrize(
        "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in FAMILIES], scope="module"
    ),
]


def play_agent(name, directory, cases, **settings):
    contract = Contract(name, "MCP", Sort.PROTOCOL, FAMILIES[name], "protocols/mcp_agent", "", off=("mcp",))
    try:
        return play(contract, directory / "program", cases, **settings)
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")


@pytest.fixture(scope="module")
def asked(name, tmp_path_factory):
    return play_agent(name, tmp_path_factory.mktemp(f"{name}-agent"), CASES)


def begin(name):
    """Newer servers are asked for what they can; older ones shake hands."""
    return "server/discover" if name == "mcp" else "initialize"


def test_one_run_goes_through_both_processes(name, asked):
    """Whatever the server does stands below what asked for it, over pipes and over HTTP, side by side too."""
    assert "\n".join([TREE.format(begin=begin(name))] * 2) == asked.tree(), asked.stderr
    assert 2 == len({call.trace_id for call in asked.calls})


def test_both_sides_say_how_they_are_connected(name, asked):
    """Pipes have no address; HTTP has one, and the older versions a session."""
    over_stdio, over_http = ([attributes_of(call) for call in run.calls if is_tool(call)] for run in asked.runs)

    assert [("pipe", None)] * 6 == [ways_of(each) for each in over_stdio]
    assert [("tcp", "http")] * 6 == [ways_of(each) for each in over_http]
    assert all(("server.address" in each) or ("client.address" in each) for each in over_http)
    assert (name != "mcp") == all("mcp.session.id" in each for each in over_http)
    for each in over_stdio + over_http:
        assert {"mcp.protocol.version", "jsonrpc.request.id"} <= each.keys()


def test_a_tool_that_fails_is_an_error_on_both_sides(name, asked):
    errors = [call.error.type for call in asked.calls if call.error is not None]

    assert ["tool_error"] * 4 == errors


def test_requests_and_sessions_are_measured_on_both_sides(name, asked):
    """Each request once on each side, whether or not it is part of a run."""
    found = read_histograms(asked)
    calls = [{"": 4, "tool_error": 2}] * 2

    assert calls == [sum_up(found, f"mcp.{side}.operation.duration", "tools/call") for side in ("client", "server")]
    assert {"": 2} == sum_up(found, "mcp.client.operation.duration", begin(name))
    assert {"": 2} == sum_up(found, "mcp.server.operation.duration", begin(name))
    assert 2 == sum(count for metric, _, count in found if metric == "mcp.client.session.duration")
    # The newest protocol has no sessions over HTTP, and the oldest client kills its server before the session has ended.
    served = 2 if name == "mcp-1" else 1
    assert served == sum(count for metric, _, count in found if metric == "mcp.server.session.duration")
    assert all("network.transport" in labels for metric, labels, _ in found if metric.startswith("mcp."))


def test_a_halted_run_sends_nothing_more(name, tmp_path):
    """A tool that is asked the same again and again is an agent's loop; what comes after is refused before it is sent."""
    done = play_agent(name, tmp_path, ("looping",), FORETELL_ACTIONS="agent_loop=halt")
    lines = [line.strip() for line in done.tree().splitlines()]

    assert "looping answered: refused" in said_of(done, "looping"), done.stderr
    assert 3 < lines.count("tool get_weather") < 200
    assert lines.count("tool get_weather") == lines.count("span tools/call get_weather")


def test_what_a_server_asks_its_client_stands_below_its_tool(name, tmp_path):
    """The client's model answers for a tool in another process: one trace goes there and back."""
    done = play_agent(name, tmp_path, ("asked_back",))

    assert "asked_back answered: It is sunny." in said_of(done, "asked_back"), done.stderr
    assert ASKED_BACK == done.tree()
    assert 1 == len({call.trace_id for call in done.calls})


def test_without_contents_neither_side_keeps_any(name, tmp_path):
    done = play_agent(name, tmp_path, ("over_stdio",), FORETELL_CONTENT="none")

    assert TREE.format(begin=begin(name)) == done.tree()
    assert {} == find_all([CANARY], {**done.stored, **done.sent})


def is_tool(call):
    return (call.attributes or {}).get("mcp.method.name") == "tools/call"


def attributes_of(call):
    return call.attributes


def ways_of(attributes):
    return attributes.get("network.transport"), attributes.get("network.protocol.name")


def read_histograms(played):
    """Name, labels and count of each MCP series, as it was sent last."""
    newest = {}
    for place, body in played.sent.items():
        if not place.endswith("/v1/metrics"):
            continue
        for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            who = next(
                each.value.string_value for each in group.resource.attributes if each.key == "service.instance.id"
            )
            for metric in group.scope_metrics[0].metrics:
                for point in metric.histogram.data_points if metric.name.startswith("mcp.") else ():
                    labels = {each.key: each.value.string_value for each in point.attributes}
                    key = who, metric.name, tuple(sorted(labels.items())), point.start_time_unix_nano
                    newest[key] = metric.name, labels, max(point.count, newest.get(key, (0, 0, 0))[2])
    return list(newest.values())


def sum_up(found, metric, method):
    """Requests by their error."""
    sums = {}
    for name, labels, count in found:
        if (name, labels.get("mcp.method.name")) == (metric, method):
            sums[labels.get("error.type", "")] = sums.get(labels.get("error.type", ""), 0) + count
    return sums
