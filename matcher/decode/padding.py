"""Zero bytes after a record, as devices add that send blocks of a fixed size."""

from matcher.errors import CaptureDamaged
from matcher.types import CaptureWarning, WarningCode


def without_padding(content: bytes, size: int, header: int, record: str) -> tuple[bytes, tuple[CaptureWarning, ...]]:
    """The record alone, and a warning if zeros followed it. Raises CaptureDamaged if other bytes follow.

    size: bytes that the record states. header: bytes of its header; a smaller size is left to the record's reader, as
    is a size beyond the file. record: its name, for messages.
    """
    beyond = len(content) - size
    if beyond <= 0 or size < header:
        return content, ()
    if content.count(0, size) != beyond:
        raise CaptureDamaged(
            f"the {record} states {size:,} bytes, the file has {len(content):,}, and what follows is not zeros"
        )
    detail = f"{beyond:,} zero bytes after the {record} were ignored"
    return content[:size], (CaptureWarning(WarningCode.PADDING_IGNORED, detail),)
