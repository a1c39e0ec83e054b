"""The contracts of protocols: no model is asked, a tool is called in another process."""

from __future__ import annotations

from tests.contracts.frameworks.contract import Contract, Family, Sort, fail

CASES = ("async", "error")
CALLED = "tool get_weather\n  span tools/call get_weather"

PROTOCOLS = (
    Contract(
        "mcp",
        "Model Context Protocol, SDK 2",
        Sort.PROTOCOL,
        Family("mcp", ("mcp>=2,<3",), ()),
        "protocols/mcp_client",
        CALLED,
        off=("mcp",),
        cases=CASES,
        trees={"error": fail(CALLED, 0, 1)},
    ),
    Contract(
        "mcp-1",
        "Model Context Protocol, SDK 1",
        Sort.PROTOCOL,
        Family("mcp-1", ("mcp>=1.24,<2",), ()),
        "protocols/mcp_session",
        CALLED,
        off=("mcp",),
        cases=CASES,
        trees={"error": fail(CALLED, 0, 1)},
    ),
)
