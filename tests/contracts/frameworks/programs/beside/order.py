"""What the tests vary: whether OpenAI's client is loaded before the other product begins, and who calls foretell.init()."""

import os

if os.environ.get("OPENAI_FIRST"):
    import openai
    import openai.resources.chat.completions  # noqa: F401


def is_ready():
    """The other product is set up; a program that sets us up itself does it now."""
    if os.environ.get("INIT_LAST"):
        import foretell

        foretell.init("weather")
