"""Filling a gallery with made-up people, in a run that may be killed, resumed, measured again and grown."""

import json
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.exact_scan import Exact
from benchmarks.made_up_people import Block
from benchmarks.mated_probes import AMONG
from benchmarks.timing import timed
from matcher.gallery import Gallery, Stamp
from matcher.gallery.records import Records

SAVE_EVERY = 1_000_000  # people after which a mapped gallery frees its memory, and a kept one can be resumed


class Enrolling:
    """Filling a gallery, saved every SAVE_EVERY people with the exact scan's best so far.

    folder: where it is saved; None: nowhere. done: people enrolled, some of them perhaps by an earlier run.
    """

    def __init__(self, gallery: Gallery, exact: Exact, args: Namespace, stamp: Stamp, folder: Path | None) -> None:
        self._gallery, self._exact, self._models = gallery, exact, stamp.models
        self._folder = folder
        kept = ("fingers", "mixed", "pool", "seed", "minutiae", "probes", "worse")
        drawn = args.drawn if args.drawn < args.people else None
        self._settings = {name: vars(args)[name] for name in kept} | {"drawn": drawn, "among": min(args.people, AMONG)}
        self._as_grown = args.as_grown
        self.done, self.add_seconds, self.rebuild_seconds, self.load_seconds = 0, 0.0, 0.0, 0.0
        if folder and (folder / "gallery").exists():
            self._resume(folder)

    def add(self, block: Block, records: Records) -> None:
        self._exact.see(block)
        self.rebuild_seconds = 0.0
        self.add_seconds += timed(self._gallery.add_records, records)
        self.done += len(records)
        if self._folder and self.done % SAVE_EVERY < len(records):
            self._save(self._folder)

    def finish(self) -> None:
        """Train the codes on all records, unless they are to stay as growth left them."""
        while self._gallery.rebuilding:
            time.sleep(0.1)
        if self.rebuild_seconds == 0 and not self._as_grown:
            self.rebuild_seconds = timed(self._gallery.rebuild)
            if self._folder:
                self._save(self._folder)

    def _save(self, folder: Path) -> None:
        """The file of the state carries the number of people in its name, as the snapshot does in its stamp."""
        state = {"settings": self._settings, "add_seconds": self.add_seconds, "rebuild_seconds": self.rebuild_seconds}
        arrays: dict[str, Any] = {"state": json.dumps(state), **self._exact.best}
        np.savez(folder / f"exact-{self.done}.npz", **arrays)
        self._gallery.save(folder / "gallery", Stamp(self.done, self._models))
        for path in folder.glob("exact-*.npz"):
            if path.name != f"exact-{self.done}.npz":
                path.unlink()

    def _resume(self, folder: Path) -> None:
        began = time.perf_counter()
        self.done = self._gallery.load(folder / "gallery", self._models)
        self.load_seconds = time.perf_counter() - began
        with np.load(folder / f"exact-{self.done}.npz") as kept:
            state = json.loads(str(kept["state"]))
            if state["settings"] != self._settings:
                raise SystemExit(f"{folder} holds people made with {state['settings']}")
            self._exact.best = {name: kept[name] for name in kept.files if name != "state"}
        self.add_seconds, self.rebuild_seconds = state["add_seconds"], state["rebuild_seconds"]
