"""Logs: one JSON object per line, named events, identifiers only. Never a name, an image or a template."""

import logging
import sys
from typing import Any

import structlog
from asgi_correlation_id import correlation_id
from structlog.typing import EventDict

_QUIET = ("alembic", "httpx")


def set_up(level: str = "INFO") -> None:
    """Send every logger of this process, the libraries' too, to standard error as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _with_request_id,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _without_messages,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = structlog.processors.JSONRenderer(default=str)
    finish: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=finish, foreign_pre_chain=shared))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _with_request_id(logger: object, method: str, event: EventDict) -> EventDict:
    """The ID that the answer carries as well, where a request is being answered."""
    if (request := correlation_id.get()) is not None:
        event.setdefault("request_id", request)
    return event


def _without_messages(logger: object, method: str, event: EventDict) -> EventDict:
    """An exception by its kind and the places it came through: its message quotes values, such as names of people."""
    given: Any = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["error"], event["trace"] = type(error).__name__, _places(error)
    return event


def _places(error: BaseException) -> list[str]:
    places, step = [], error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places
