"""WSQ, the FBI's fingerprint compression (IAFIS-IC-0110), decoded in a process of its own.

The only packaged decoder is NIST's C code, which was written for trusted files: it keeps its state in globals, and 3 of
some 3,000 randomly altered files aborted the process. A child process costs some 30 ms and can abort without harm.
"""

import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from matcher.decode.limits import Header, check_size, plausible
from matcher.errors import CaptureUnreadable
from matcher.parameters import WSQ_SECONDS
from matcher.types import Image

START = b"\xff\xa0"
FRAME = b"\xff\xa2"
CHILD = Path(__file__).with_name("wsq_child.py")


def accepts(content: bytes) -> bool:
    return content.startswith(START)


def header(content: bytes) -> Header:
    """Its resolution is in a comment, which only the decoder reads. Raises CaptureTooLarge or CaptureUnreadable."""
    width, height = _size(content)
    check_size(width, height)
    return Header(width, height, dpi_is_final=False)


def read(content: bytes) -> Image:
    """Raises CaptureTooLarge or CaptureUnreadable."""
    check_size(*_size(content))
    head, _, pixels = _decompress(content).partition(b"\n")
    width, height, ppi = (int(number) for number in head.split())
    return Image(np.frombuffer(pixels, np.uint8).reshape(height, width).copy(), plausible(ppi))


def _size(content: bytes) -> tuple[int, int]:
    """Width and height from the frame header, walking the segments before it."""
    at = len(START)
    while at + 10 <= len(content) and content[at] == 0xFF:
        if content[at : at + 2] == FRAME:
            return int.from_bytes(content[at + 8 : at + 10]), int.from_bytes(content[at + 6 : at + 8])
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    raise CaptureUnreadable("the WSQ file has no frame header; it is damaged or cut short")


def _decompress(content: bytes) -> bytes:
    spec = find_spec("_wsq")
    assert spec is not None
    assert spec.origin is not None
    command = [sys.executable, "-I", "-S", str(CHILD), str(Path(spec.origin).parent)]
    try:
        done = subprocess.run(  # noqa: S603  (nothing in the command comes from the capture)
            command, input=content, capture_output=True, check=True, timeout=WSQ_SECONDS
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
        if isinstance(failed, subprocess.CalledProcessError) and failed.returncode == -signal.SIGKILL:
            raise MemoryError("the WSQ decoder was killed by the operating system") from failed
        raise CaptureUnreadable("the WSQ file is damaged or cut short") from failed
    return done.stdout
