"""Logging: one structured line an event, on standard error; JSON where nobody is watching.

Credentials are kept out where they are held (`Secret`); the filter here is the second net.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

CREDENTIALS = re.compile(
    r"(pk_(?:live|test)_|sk-|AIza|gsk_|xai-)[A-Za-z0-9_\-]{6,}|(?<=[Bb]earer )\S+|(?<=api_key=)[^&\s]+"
)

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")


def redact(text: str) -> str:
    """The text with anything that looks like a credential replaced."""
    return CREDENTIALS.sub("***", text)


def configure(*, stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Sets logging up for the process; the standard library's loggers go the same way."""
    pretty = stream.isatty()
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)


def _redact_event(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {
        name: redact(value) if isinstance(value, str) else value for name, value in event.items()
    }
