"""Files that hold several pictures: one is read where the others only accompany it, none where they are its equals."""

import io

from PIL import Image as Pillow

from matcher.errors import CaptureUnreadable
from matcher.types import CaptureWarning, WarningCode

MOST_PAGES = 16
"""Directories of a TIFF that are looked at; a hostile file has a million."""
SUBFILE_TYPE, REDUCED, MASK = 254, 1, 4
"""TIFF's tag, and its bits for a smaller copy of another page and for a mask."""


def one_picture(opened: Pillow.Image, content: bytes) -> tuple[CaptureWarning, ...]:
    """A warning if the first picture of several is to be read: that of an MPO file, as phones write them.

    opened: at its first picture, where it stays. content: the file.

    Raises CaptureUnreadable for an animation or several pages: which of them is meant is for the client to state.
    """
    if not getattr(opened, "is_animated", False):
        return ()
    count = _pages(content) if opened.format == "TIFF" else getattr(opened, "n_frames", 1)
    if count == 1:
        return ()
    if opened.format == "MPO":
        detail = f"the file holds {count} pictures, as some phones write them; the first was read"
        return (CaptureWarning(WarningCode.FURTHER_PICTURES_IGNORED, detail),)
    many = f"{count} or more" if count == MOST_PAGES else count
    raise CaptureUnreadable(f"the {opened.format} file holds {many} pictures; send each in a file of its own")


def _pages(content: bytes) -> int:
    """Pages of a TIFF, without masks and smaller copies, as far as its directories can be read."""
    pages = 0
    try:
        with Pillow.open(io.BytesIO(content), formats=["TIFF"]) as opened:
            for number in range(MOST_PAGES):
                opened.seek(number)
                pages += not opened.tag_v2.get(SUBFILE_TYPE, 0) & (REDUCED | MASK)  # type: ignore[attr-defined]
    except Exception:  # noqa: S110  (there is no next directory, or it is damaged)
        pass
    return max(pages, 1)
