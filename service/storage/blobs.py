"""Captures as files."""

import os
import secrets
from pathlib import Path


class FileBlobs:
    """Bytes under names like `folder/name`, written so that a crash leaves either nothing or all of them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, name: str, content: bytes) -> None:
        path = self._root / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")  # one post may come twice at once
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        for folder in (path.parent, self._root):
            _sync_folder(folder)

    def get(self, name: str) -> bytes:
        return (self._root / name).read_bytes()


def _sync_folder(folder: Path) -> None:
    """A new name is durable only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
