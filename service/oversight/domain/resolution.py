"""Scanners whose ridges do not fit their resolution: the median of their last prints against the registry's."""

import math
import statistics
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.oversight.domain import parameters as p
from service.oversight.domain.findings import Found, Identity, Pattern, Subject

_BINS = 20
"""Per pixel, of the registry's histogram: a bin is finer than any limit."""


class AgeClass(StrEnum):
    """Whose ridges are compared with each other."""

    CHILD = "child"
    ADULT = "adult"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Period:
    """One print. dpi: as the client stated it, None where the file states it. pixels: of a ridge, at 500 dpi."""

    device: Subject
    dpi: float | None
    age: AgeClass
    pixels: float
    received_at: datetime


@dataclass(slots=True)
class _Scanner:
    last: deque[Period] = field(default_factory=lambda: deque(maxlen=p.DRIFT_PRINTS))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A scanner's ridges against the usual. ratio: of both, 1 where they agree; prints: how many it rests on."""

    ratio: float
    usual: float
    prints: int
    since: datetime
    until: datetime


def age_class(birth_year: int | None, at: datetime) -> AgeClass:
    """By years of life at a capture; a year's error at the limit does not matter."""
    if birth_year is None:
        return AgeClass.UNKNOWN
    return AgeClass.CHILD if at.year - birth_year < p.CHILD_BELOW else AgeClass.ADULT


OF_THE_FILE = "of the file"


def scope_of(dpi: float | None) -> str:
    """A resolution as text, exactly, and back."""
    return OF_THE_FILE if dpi is None else f"{dpi!r} dpi"


def dpi_of(scope: str) -> float | None:
    return None if scope == OF_THE_FILE else float(scope.removesuffix(" dpi"))


def estimates(prints: Iterable[Period]) -> dict[tuple[Subject, float | None], Estimate]:
    """Of each device and stated resolution with enough prints. prints: oldest first, read once.

    Memory: DRIFT_PRINTS per device and resolution.
    """
    scanners: defaultdict[tuple[Subject, float | None], _Scanner] = defaultdict(_Scanner)
    histograms: defaultdict[AgeClass, Counter[int]] = defaultdict(Counter)
    for one in prints:
        scanners[one.device, one.dpi].last.append(one)
        histograms[one.age][round(one.pixels * _BINS)] += 1
    usual = {age: _median(bins) for age, bins in histograms.items() if bins.total() >= p.DRIFT_OTHERS}
    found = {which: _estimate(scanner.last, usual) for which, scanner in scanners.items()}
    return {which: one for which, one in found.items() if one is not None}


def resolution_drift(
    scanners: Mapping[tuple[Subject, float | None], Estimate], open_now: Collection[Identity]
) -> list[Found]:
    """Scanners beyond DRIFT_ENTERS, and those of `open_now` that are still beyond DRIFT_LEAVES."""
    found = []
    for (device, dpi), one in scanners.items():
        drift = _drift(device, dpi, one)
        if is_off(one, already=drift.identity in open_now):
            found.append(drift)
    return sorted(found, key=lambda one: (one.subject.site, one.subject.name, one.scope))


def is_off(one: Estimate, *, already: bool) -> bool:
    off = abs(math.log(one.ratio))
    if already:
        return off > p.DRIFT_LEAVES
    error = 1.2533 * p.DRIFT_SPREAD / math.sqrt(one.prints)  # of a median, as of normal values
    return off - p.DRIFT_ERRORS * error > p.DRIFT_ENTERS


def _estimate(last: Collection[Period], usual: Mapping[AgeClass, float]) -> Estimate | None:
    known = [one for one in last if one.age in usual]
    if len(known) < p.DRIFT_LEAST:
        return None
    ratio = math.exp(statistics.median(math.log(one.pixels / usual[one.age]) for one in known))
    among = statistics.median(usual[one.age] for one in known)
    return Estimate(ratio, among, len(known), known[0].received_at, known[-1].received_at)


def _median(bins: Counter[int]) -> float:
    """Of a histogram."""
    left = bins.total() / 2
    for pixels in sorted(bins):
        left -= bins[pixels]
        if left <= 0:
            return pixels / _BINS
    raise AssertionError("an empty histogram")


def _drift(device: Subject, dpi: float | None, one: Estimate) -> Found:
    return Found(
        Pattern.RESOLUTION_DRIFT,
        device,
        scope_of(dpi),
        count=one.prints,
        of=one.prints,
        expected=0.0,
        since=one.since,
        until=one.until,
        measured=round(one.ratio * one.usual, 3),
        usual=round(one.usual, 3),
    )
