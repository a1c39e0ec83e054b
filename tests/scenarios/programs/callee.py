"""A subprocess that knows nothing of its parent but the environment."""

import foretell

foretell.init("callee")
with foretell.agent("callee"), foretell.tool("inner"):
    pass
