"""Logs: one JSON object a line, named events, identifiers only. Never a name, an image or a template."""

import json
import logging
from datetime import UTC, datetime

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """The event's name, when, how grave, and the identifiers given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["trace"] = self._places(record)
        return json.dumps(line, default=str)

    def _places(self, record: logging.LogRecord) -> list[str]:
        """Where it went wrong, without the message: messages quote values, and values may be somebody's name."""
        places, step = [], record.exc_info[1].__traceback__ if record.exc_info and record.exc_info[1] else None
        while step is not None:
            code = step.tb_frame.f_code
            places.append(f"{code.co_filename}:{step.tb_lineno} {code.co_name}")
            step = step.tb_next
        return places


def set_up(level: str = "INFO") -> None:
    """Send every logger of this process to standard error as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
