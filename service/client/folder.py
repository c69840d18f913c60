"""The people of a folder, and every file of it that is not plain."""

import filecmp
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.client.names import nearest, of_system, person_of, read_name
from service.kit.errors import NotJson
from service.kit.strict_json import read_json

LONGEST_JSON = 1_000_000
"""Bytes; the service reads no more."""
DETAILS = "enrolment"
"""The name of the JSON file in a person's own folder."""


@dataclass(frozen=True, slots=True)
class FolderPerson:
    """The files of one person. captures: by position. details: the JSON file with what else is known, if any."""

    name: str
    captures: dict[str, Path] = field(default_factory=dict)
    details: Path | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not sent. where: a path below the folder, fit to be printed. reason: the rest of a sentence."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Folder:
    """people: those to send. files: what is not sent of them, or of no one. held_back: people who are not sent."""

    people: Sequence[FolderPerson]
    files: Sequence[LeftOut]
    held_back: Sequence[LeftOut]


def read_folder(root: Path) -> Folder:
    """Everyone in a folder, in the order of their names. Contents are not kept: a folder may hold any number."""
    reading = _Reading(root)
    for path in _files(root, reading):
        reading.take(path)
    return reading.outcome()


def read_details(path: Path) -> dict[str, Any]:
    """What a person's JSON file states. Raises NotJson with the place, OSError."""
    if path.stat().st_size > LONGEST_JSON:
        raise NotJson(f"has more than {LONGEST_JSON:,} bytes")
    try:
        value = read_json(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotJson(f"is not UTF-8 text, from byte {error.start:,} on") from None
    except NotJson as error:
        raise NotJson(f"is not JSON of one meaning: {error}") from None
    if not isinstance(value, dict):
        raise NotJson("is no JSON object, as in line 1, column 1 one must begin")
    return value


def printable(text: str) -> str:
    """A path as it can be printed: what is no character of text is written by its code."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in text)


class _Reading:
    """What has been seen of a folder so far."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._captures: defaultdict[str, defaultdict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
        self._details: defaultdict[str, list[tuple[Path, str | None]]] = defaultdict(list)
        self._files: list[LeftOut] = []
        self._held_back: list[LeftOut] = []

    def leave_out(self, path: Path, reason: str) -> None:
        self._files.append(LeftOut(self._where(path), reason))

    def take(self, path: Path) -> None:
        """Give a file its place, or name it."""
        stem = path.relative_to(self._root).with_suffix("").as_posix()
        reason = _unusable(path)
        if path.suffix.lower() == ".json":
            self._details[_owner(stem)].append((path, reason))
        elif reason is not None:
            self.leave_out(path, reason)
        elif (named := read_name(stem)) is not None:
            self._captures[named.person][named.position].append(path)
        else:
            hint = nearest(stem)
            self.leave_out(path, "is named after no position" + (f"; did you mean {hint}?" if hint else ""))

    def outcome(self) -> Folder:
        people = []
        for person in sorted(self._captures.keys() | self._details.keys()):
            captures = {
                position: one
                for position, paths in self._captures[person].items()
                if (one := self._only(position, paths)) is not None
            }
            details = self._details[person]
            name = person or person_of(self._root.resolve().name)
            if (reason := self._wrong_details(details)) is not None:
                self._held_back.append(LeftOut(printable(name), reason))
            elif captures or details:
                people.append(FolderPerson(name, captures, details[0][0] if details else None))
        return Folder(people, self._files, self._held_back)

    def _only(self, position: str, paths: Sequence[Path]) -> Path | None:
        """The file of a position; of several the first if all have the same bytes, and none if they differ."""
        first, *others = paths
        if all(filecmp.cmp(first, other, shallow=False) for other in others):
            return first
        for one in paths:
            rivals = ", ".join(self._where(other) for other in paths if other != one)
            self.leave_out(one, f"is not the only {position}: there is {rivals}")
        return None

    def _wrong_details(self, files: Sequence[tuple[Path, str | None]]) -> str | None:
        """Why a person cannot be sent with these JSON files, at most one of which may be there."""
        if len(files) > 1:
            return "has several JSON files: " + ", ".join(self._where(path) for path, _ in files)
        for path, reason in files:
            try:
                if reason is not None:
                    return f"{self._where(path)} {reason}"
                read_details(path)
            except NotJson as error:
                return f"{self._where(path)} {error}"
            except OSError as error:
                return f"{self._where(path)} cannot be read: {error.strerror}"
        return None

    def _where(self, path: Path) -> str:
        return printable(path.relative_to(self._root).as_posix())


def _owner(stem: str) -> str:
    """The person whom a JSON file describes: `amina.json`, `amina/enrolment.json`; in the folder itself, the folder."""
    folder, _, name = stem.rpartition("/")
    return person_of(folder if name.lower() == DETAILS else stem)


def _files(root: Path, reading: _Reading) -> Iterator[Path]:
    """All files, folder by folder. Links to folders are not followed: they may lead in a circle."""

    def unreadable(error: OSError) -> None:
        reading.leave_out(Path(error.filename), f"cannot be read: {error.strerror}")

    for folder, inside, names in os.walk(root, onerror=unreadable):
        inside[:] = [name for name in sorted(inside) if not of_system(name)]
        for path in (Path(folder, name) for name in inside):
            if path.is_symlink():
                reading.leave_out(path, "is a link to a folder; such links are not followed")
            elif path.suffix and read_name(path.stem) is not None:
                reading.leave_out(path, "is a folder named like a capture")
        yield from (Path(folder, name) for name in sorted(names) if not of_system(name))


def _unusable(path: Path) -> str | None:
    """Why a file cannot be sent, whatever its name states; None if it can."""
    try:
        path.as_posix().encode()
        if not path.is_file():
            return "leads to no file"
        with path.open("rb") as file:
            return None if file.read(1) else "is empty"
    except UnicodeEncodeError:
        return "has a name that is not UTF-8: rename it"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
