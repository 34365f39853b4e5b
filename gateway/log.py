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
    r"(?<![A-Za-z])(?:pk_(?:live|test)_|c?sk-|AIza|gsk_|xai-|pplx-)[A-Za-z0-9_\-]{6,}"
    r"|(?<=(?i:bearer) )\S+|(?<=api_key=)[^&\s]+"
)

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")


def redact(text: str) -> str:
    """The text with anything that looks like a credential replaced."""
    return CREDENTIALS.sub("***", text)


def configure(*, stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Sets logging up for the process; the standard library's loggers go the same way."""
    pretty = stream.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,  # which worker it is, where there are several
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
    renderer = _for_people() if pretty else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)


def stamp(**fields: Any) -> None:
    """From now on each line of this process says this too."""
    structlog.contextvars.bind_contextvars(**fields)


def _redact_event(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """What begins with `_` is structlog's own and is not shown."""
    return {
        name: value if name.startswith("_") else _redacted(value) for name, value in event.items()
    }


def _redacted(value: Any) -> Any:
    """The value, as it will be shown: what is no plain value is shown by its `repr`."""
    match value:
        case str():
            return redact(value)
        case None | bool() | int() | float():
            return value
        case dict():
            return {_redacted(name): _redacted(item) for name, item in value.items()}
        case list() | tuple():
            return [_redacted(item) for item in value]
    return redact(repr(value))


def _for_people() -> structlog.dev.ConsoleRenderer:
    # The default formatter of exceptions shows local variables, and those may hold anything.
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
