"""Everyone enrolled, and the 1:N search among them, as the service sees both."""

import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from matcher.calibrate import read_calibrations
from matcher.cores import claim_cores, yield_cores
from matcher.errors import GalleryDamaged
from matcher.fuse import HYPOTHESES
from matcher.gallery import Gallery, Seal, Stamp, Unseal, shipped_coders, tidy
from matcher.networks import MODELS
from matcher.parameters import CANDIDATES_RETURNED
from matcher.readings import Reader, Readings
from matcher.types import Candidate, Hypothesis, Template, TemplateFormat

_log = logging.getLogger(__name__)

_SNAPSHOT = "gallery"


class SearchIndex:
    """People by key (int64, ≥ 0). Any thread may call any method.

    models: folder of the manifest and the calibration. threads: cores that a search may use, all by default. mapped:
    vectors and minutiae stay on the disk once they are in a snapshot. Raises CalibrationUnusable, ModelMissing or
    ModelAltered.
    """

    def __init__(
        self,
        format: TemplateFormat,  # noqa: A002 the extractor's word for it
        models: Path = MODELS,
        threads: int | None = None,
        *,
        mapped: bool = False,
    ) -> None:
        claim_cores()
        self._format = format
        self._calibrations = read_calibrations(models / "calibration.json", format.models)
        self._coders = shipped_coders(format.dimensions, models)
        self._threads = threads or os.cpu_count() or 1
        self._reader = Reader(format, models)
        self._readers = ThreadPoolExecutor(self._threads, thread_name_prefix="read", initializer=yield_cores)
        self._mapped = mapped
        self._damaged = False
        self._gallery = self._empty_gallery()

    def __len__(self) -> int:
        return len(self._gallery)

    def __contains__(self, key: int) -> bool:
        return key in self._gallery

    def add(self, key: int, templates: Sequence[Template]) -> None:
        """Enrol a person, or add captures to one already there. Raises TemplatesIncomparable for other models."""
        self._gallery.add(key, templates)

    def replace(self, people: Mapping[int, Sequence[Template]]) -> None:
        """Enrol people in place of those with these keys, atomically: searches see the old or the new record.

        Raises TemplatesIncomparable for templates of other models.
        """
        self._gallery.replace(people)

    def remove(self, key: int) -> None:
        """Forget a person; an unknown key is no error."""
        self._gallery.remove(key)

    def clear(self) -> None:
        """Forget everyone."""
        self._gallery = self._empty_gallery()

    def compact(self) -> None:
        """Keep nothing of removed people, in memory or in later snapshots."""
        self._gallery.compact()

    def search(
        self,
        templates: Sequence[Template],
        limit: int = CANDIDATES_RETURNED,
        *,
        hypotheses: Sequence[Hypothesis] = tuple(Hypothesis),
    ) -> list[Candidate]:
        """The people most likely the probe's own, rarest evidence first, equal evidence by key; at most `limit`.

        hypotheses: how the probe may be a person's; any way by default. Raises as `search_many` does.
        """
        return self.search_many([templates], limit, hypotheses=hypotheses)[0]

    def search_many(
        self,
        templates_of_many: Sequence[Sequence[Template]],
        limit: int = CANDIDATES_RETURNED,
        *,
        hypotheses: Sequence[Hypothesis] = tuple(Hypothesis),
        readings: Readings | None = None,
    ) -> list[list[Candidate]]:
        """`search` for many people at once, in their order; less work than one after another.

        readings: of each probe, where they are made already. Raises TemplatesIncomparable for templates of other
        models, and GalleryDamaged where mapped files do not open, until the index is filled anew: see `damaged`.
        """
        gallery = self._gallery  # before the question: one that is being filled answers no search
        if self._damaged:
            raise GalleryDamaged("the gallery's files were altered; it is being filled anew")
        among = [one for one in hypotheses if one in HYPOTHESES]
        if readings is None:
            readings = self.readings_of(templates_of_many, hypotheses)
        try:
            return gallery.search_many(templates_of_many, limit, among, readings=readings)
        except GalleryDamaged:
            self._damaged = True
            raise

    @property
    def damaged(self) -> bool:
        """Whether a search found mapped files altered: `clear`, add everyone, and call `filled_anew`."""
        return self._damaged

    def filled_anew(self) -> None:
        """From now on searches are answered again."""
        self._damaged = False

    def readings_of(
        self, probes: Sequence[Sequence[Template]], hypotheses: Sequence[Hypothesis] = tuple(Hypothesis)
    ) -> Readings:
        """The other readings of each probe that some of the hypotheses ask for."""
        if len(probes) == 1:  # with many, every thread has probes of its own
            return [self._reader.readings(probes[0], hypotheses, self._readers.map)]
        return list(self._readers.map(lambda probe: self._reader.readings(probe, hypotheses), probes))

    def preselected(self, templates: Sequence[Template]) -> set[int]:
        """Keys of the people whose vectors `search` compares with the probe, in any reading of it."""
        return self._gallery.preselected_many([templates], self.readings_of([templates]))[0]

    def save(self, folder: Path, sequence: int, seal: Seal | None = None) -> None:
        """Write everyone into `folder`, in place of what was saved there. sequence: of the last change applied.

        seal: seals all that is written; without one it is plain.
        """
        self._gallery.save(folder / _SNAPSHOT, Stamp(sequence, self._format.models), seal)

    def load(self, folder: Path, unseal: Unseal | None = None) -> int | None:
        """Replace everyone by those saved, and return the sequence number saved with them.

        unseal: opens what was sealed. If there is no snapshot, or it is damaged, does not open or is of other models,
        return None and leave the gallery as it was.
        """
        try:
            return self._gallery.load(folder / _SNAPSHOT, self._format.models, unseal)
        except FileNotFoundError:
            return None
        except GalleryDamaged as error:
            _log.warning("gallery_snapshot_unusable", extra={"reason": str(error)})
            return None

    def manifest(self, folder: Path) -> bytes | None:
        """What a seal made of the manifest of the snapshot in `folder`; None without a snapshot.

        Deletes what a writer that died left beside it.
        """
        return tidy(folder / _SNAPSHOT)

    def _empty_gallery(self) -> Gallery:
        return Gallery(self._format.dimensions, self._calibrations, self._coders, self._threads, mapped=self._mapped)
