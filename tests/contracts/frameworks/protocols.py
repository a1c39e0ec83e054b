"""The contracts of protocols: no model is asked, a tool is called in another process."""

from __future__ import annotations

from tests.contracts.frameworks.contract import Contract, Family, Sort, fail

CASES = ("async", "error")
SDK_2 = Family("mcp", ("mcp>=2,<3",), ())
SDK_1 = Family("mcp-1", ("mcp>=1.10,<2",), ())
LOWEST_SDK = Family("mcp-lowest", ("mcp==1.10.0", "pydantic<2.12"), ())  # newer ones lack what it imports
CALLED = "tool get_weather\n  span tools/call get_weather"

PROTOCOLS = (
    Contract(
        "mcp",
        "Model Context Protocol, SDK 2",
        Sort.PROTOCOL,
        SDK_2,
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
        SDK_1,
        "protocols/mcp_session",
        CALLED,
        off=("mcp",),
        cases=CASES,
        trees={"error": fail(CALLED, 0, 1)},
    ),
)
