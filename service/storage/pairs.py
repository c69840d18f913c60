"""The pairs of people a walk finds, kept through a kill, and in the end as CSV or Parquet."""

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from service.storage.tabular import WRITERS
from service.usecases.duplicates import Pair, Step


class PairFileUnusable(Exception):
    """The walk cannot go on in this file; the message says why, and what to do."""


class PairFile:
    """A file of pairs, whole or not there, whose walk goes on after a kill with no row lost or doubled.

    Until the walk is done its rows are JSON lines in `NAME.rows`, and `NAME.progress` says how many bytes of them
    belong to the steps that are done: what lies behind is of a step that was not, and is cut off.

    path: ends in .csv or .parquet. settings: by name, what the rows depend on, which must not change meanwhile.
    is_past: whether a gallery change of this mark is of this database's past. now: when the walk begins, if it does.
    restart: begin anew, whatever is there. Raises PairFileUnusable.

    after: the last key done. people: how many are. pairs: how many rows there are. begun: when the walk began.
    """

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, object],
        *,
        is_past: Callable[[str], bool],
        now: datetime,
        restart: bool = False,
    ) -> None:
        if path.suffix.lower() not in WRITERS:
            raise PairFileUnusable(f"{path} ends in none of {', '.join(WRITERS)}; the ending says what is written")
        self._path, self._settings = path, json.loads(json.dumps(settings))
        self._rows, self._progress = _beside(path, "rows"), _beside(path, "progress")
        self.after = self.people = self.pairs = self._bytes = 0
        self.begun = now
        self._mark: str | None = None
        with ExitStack() as held:
            try:
                self._lock(held)
                if restart:
                    for one in (self._progress, path, self._rows):
                        one.unlink(missing_ok=True)
                self._find_place(is_past)
                self._file = held.enter_context(self._rows.open("ab"))
            except BlockingIOError:
                raise PairFileUnusable(f"another run is writing into {path.absolute().parent}") from None
            except OSError as error:
                raise PairFileUnusable(f"{path} cannot be written: {error.strerror}") from error
            self._file.truncate(self._bytes)
            self._keep_place()
            self._held = held.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._held.close()

    def named(self) -> Iterator[tuple[int, int]]:
        """The two keys of every row, lower first."""
        with self._rows.open("rb") as file:
            for line in file:
                row = json.loads(line)
                yield row["person_key"], row["other_key"]

    def add(self, step: Step) -> None:
        """Keep a step: once this has returned, a walk goes on after it."""
        self._write(map(_line, step.pairs))
        self.after, self._mark = step.last_key, step.mark
        self.people += step.people
        self.pairs += len(step.pairs)
        self._keep_place()

    def finish(self) -> None:
        """Write the file itself; there is nothing left to go on with."""
        part = _beside(self._path, "part")
        WRITERS[self._path.suffix.lower()](self._rows, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(self._path)
        self._progress.unlink()
        self._rows.unlink()

    def _lock(self, held: ExitStack) -> None:
        """Keep other runs away until `held` is closed. Raises BlockingIOError while there is one.

        The folder is locked, not a file that would have to be left in it.
        """
        folder = os.open(self._path.parent, os.O_RDONLY)
        held.callback(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _find_place(self, is_past: Callable[[str], bool]) -> None:
        if not self._progress.exists():
            if self._path.exists():
                raise PairFileUnusable(f"{self._path} is there already and finished; --restart writes it anew")
            return
        try:
            place: dict[str, Any] = json.loads(self._progress.read_text())
            self.after, self.people, self.pairs = place["after"], place["people"], place["pairs"]
            self._bytes, self._mark, settings = place["bytes"], place["mark"], dict(place["settings"])
            self.begun = datetime.fromisoformat(place["begun"])
        except (ValueError, KeyError, TypeError):
            raise PairFileUnusable(f"{self._progress} is damaged; --restart begins anew") from None
        changed = [
            f"{name} was {settings.get(name)} and is {self._settings.get(name)}"
            for name in {**settings, **self._settings}
            if settings.get(name) != self._settings.get(name)
        ]
        if changed:
            raise PairFileUnusable(f"{self._path} was begun otherwise: {'; '.join(changed)}; --restart begins anew")
        if self._mark is not None and not is_past(self._mark):
            raise PairFileUnusable(f"{self._path} was begun on another database; --restart begins anew")
        if self._bytes > (self._rows.stat().st_size if self._rows.exists() else 0):
            raise PairFileUnusable(f"{self._rows} has lost rows that were found; --restart begins anew")

    def _write(self, lines: Iterable[bytes]) -> None:
        content = b"".join(lines)
        self._file.write(content)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._bytes += len(content)

    def _keep_place(self) -> None:
        place = {
            "after": self.after,
            "people": self.people,
            "pairs": self.pairs,
            "bytes": self._bytes,
            "mark": self._mark,
            "begun": self.begun.isoformat(),
            "settings": self._settings,
        }
        partial = _beside(self._progress, "part")
        with partial.open("w") as file:
            json.dump(place, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._progress)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}.{ending}")


def _line(pair: Pair) -> bytes:
    """A pair as one line of JSON, in the columns of `tabular`."""
    evidence = [{"position": position, **asdict(one)} for position, one in pair.evidence.items()]
    return json.dumps({**asdict(pair), "evidence": evidence}).encode() + b"\n"
