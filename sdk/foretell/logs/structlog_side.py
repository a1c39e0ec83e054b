"""Makes structlog log through the standard library, so that there is one road for every line."""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from typing import Any

from foretell.logs.fields import STRUCTLOG_FIELDS


def configure_structlog() -> Callable[[], None]:
    """Configure structlog; the function that is returned puts back what was configured before.

    Loggers that were cached under an earlier configuration keep it: that is how structlog caches.
    """
    import structlog

    former = structlog.get_config() if structlog.is_configured() else None
    former_class = logging.getLoggerClass()
    processors: list[Any] = [  # of structlog's own type, which names its modules
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        hand_over,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )

    def restore() -> None:
        logging.setLoggerClass(former_class)
        if structlog.get_config()["processors"] is not processors:
            return  # the program configured it after us
        if former is None:
            structlog.reset_defaults()
        else:
            structlog.configure(**former)

    return restore


def hand_over(_logger: Any, _method: str, event_dict: MutableMapping[str, Any]) -> tuple[tuple[str], dict[str, Any]]:
    """Return what the standard library's logger is called with (the last of structlog's processors).

    Other handlers get a message that holds the fields too; ours reads them one by one.
    """
    kwargs = {key: event_dict.pop(key) for key in ("exc_info", "stacklevel") if key in event_dict}
    fields = dict(event_dict)
    beside = " ".join(f"{key}={value!r}" for key, value in fields.items() if key != "event")
    message = f"{fields.get('event', '')}"
    kwargs["extra"] = {STRUCTLOG_FIELDS: fields}
    return (f"{message} {beside}" if beside else message,), kwargs
