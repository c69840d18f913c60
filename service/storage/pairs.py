"""The pairs of people a walk finds, as CSV, and beside them how far the walk has got."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from service.usecases.duplicates import Pair, Step

COLUMNS = ("person_key", "person_number", "other_key", "other_number", "band", "log10_lr", "evidence")


class PairFileUnusable(Exception):
    """The walk cannot go on in this file; the message says why, and what to do."""


class PairFile:
    """A CSV file that a killed walk goes on with, no row lost or doubled.

    Beside it, `NAME.progress` says how many of its bytes belong to the steps that are done: what lies behind them is of
    a step that was not, and is cut off. models: of the gallery walked, which must not change meanwhile. restart: begin
    anew, whatever is there. Raises PairFileUnusable.

    after: the last key done. people: how many are. pairs: how many rows there are.
    """

    def __init__(self, path: Path, models: Mapping[str, str], *, restart: bool = False) -> None:
        self._path, self._models = path, dict(models)
        self._progress = path.with_name(f"{path.name}.progress")
        self.after = self.people = self.pairs = self._bytes = 0
        try:
            if restart:
                path.unlink(missing_ok=True)
                self._progress.unlink(missing_ok=True)
            self._find_place()
            self._file = path.open("ab")
        except OSError as error:
            raise PairFileUnusable(f"{path} cannot be written: {error.strerror}") from error
        self._file.truncate(self._bytes)
        if self._bytes == 0:
            self._write([COLUMNS])
            self._keep_place()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def named(self) -> Iterator[tuple[int, int]]:
        """The two keys of every row, lower first."""
        with self._path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield int(row["person_key"]), int(row["other_key"])

    def add(self, step: Step) -> None:
        """Keep a step: once this has returned, a walk goes on after it."""
        self._write(map(_row, step.pairs))
        self.after = step.last_key
        self.people += step.people
        self.pairs += len(step.pairs)
        self._keep_place()

    def finish(self) -> None:
        """There is nothing left to go on with."""
        self._progress.unlink()

    def _find_place(self) -> None:
        if not self._progress.exists():
            if self._path.exists():
                raise PairFileUnusable(f"{self._path} is there already and finished; --restart writes it anew")
            self._keep_place()  # before the file itself: one without it counts as finished
            return
        try:
            place: dict[str, Any] = json.loads(self._progress.read_text())
            self.after, self.people, self.pairs = place["after"], place["people"], place["pairs"]
            self._bytes, models = place["bytes"], place["models"]
        except (ValueError, KeyError, TypeError):
            raise PairFileUnusable(f"{self._progress} is damaged; --restart begins anew") from None
        if models != self._models:
            raise PairFileUnusable(f"{self._path} was begun with other models; --restart begins anew")
        if self._bytes > (self._path.stat().st_size if self._path.exists() else 0):
            raise PairFileUnusable(f"{self._path} has lost rows that were found; --restart begins anew")

    def _write(self, rows: Iterable[Iterable[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        content = text.getvalue().encode()
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
            "models": self._models,
        }
        partial = self._progress.with_name(f"{self._progress.name}.part")
        with partial.open("w") as file:
            json.dump(place, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._progress)


def _row(pair: Pair) -> tuple[object, ...]:
    """A pair as COLUMNS; a number that is not issued yet stays empty."""
    evidence = ";".join(f"{position}={one.log10_lr:.1f}" for position, one in pair.evidence.items())
    people = (pair.person_key, pair.person_number, pair.other_key, pair.other_number)
    return (*people, pair.band.value, f"{pair.log10_lr:.2f}", evidence)
