"""All tries and newcomers, one after another, and the figures made of their outcomes."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.evasion.captures import Face, Finger, Unusable
from benchmarks.evasion.figures import (
    Trial,
    clustered_interval,
    distinct,
    exact_interval,
    exact_share_interval,
    share,
)
from benchmarks.evasion.registry import Outcome, Registry, fill_kept
from benchmarks.evasion.ways import POSITIONS, Subject, Way, draw_subject, face, placed
from benchmarks.synthetic_people import synthetic_people
from matcher import Capture, Extractor, Position, Template
from matcher.types import Vector
from service.enrolment.domain.enrolments import SentCapture

CONSOLE = Console(stderr=True)
LAYOUTS: Mapping[str, tuple[bool, int]] = {
    "face_4_fingers": (True, 4),
    "face_1_finger": (True, 1),
    "4_fingers": (False, 4),
    "1_finger": (False, 1),
}
"""What newcomers come with: whether a face, and how many fingers."""
UNNAMED = "not named"
ATTEMPTS = 20  # to enrol a subject


@dataclass(frozen=True, slots=True)
class Plan:
    """people, pool: of the gallery, see `synthetic_people`. gallery: folder that keeps it.

    searches: tries of each way. newcomers: among the N people, and as many among real people.
    """

    people: int
    pool: int
    searches: int
    newcomers: int
    replicates: int
    seed: int
    gallery: Path | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A try and how it ended. by: the hypothesis under which a case names the subject; UNNAMED if none does.

    preselected: whether the search compared the subject's vectors.
    """

    outcome: Outcome
    by: str
    preselected: bool
    depends_on: frozenset[str]

    @property
    def caught(self) -> bool:
        return self.named or bool(self.outcome.marks)

    @property
    def named(self) -> bool:
        return self.by != UNNAMED


@dataclass(frozen=True, slots=True)
class Newcomer:
    layout: str
    outcome: Outcome
    depends_on: frozenset[str]

    @property
    def trial(self) -> Trial:
        return Trial(self.outcome.case, self.depends_on)


class Measurement:
    """One run. fingers and faces: all real ones that can be used."""

    def __init__(
        self,
        fingers: Sequence[Finger],
        faces: Sequence[Face],
        extractor: Extractor,
        ways: Mapping[str, Way],
        plan: Plan,
    ) -> None:
        self._fingers, self._faces = fingers, faces
        self._extractor, self._ways, self._plan = extractor, ways, plan
        self._rng = np.random.default_rng(plan.seed)
        self._draw()  # fails at once where there are too few

    def run(self, home: Path) -> dict[str, Any]:
        """All figures. home: folder for the registries."""
        registry = Registry(home / "among_all", self._extractor)
        self._fill(registry)
        tried = self._tries(registry)
        seconds = registry.index.seconds
        newcomers = [
            self._newcomer(registry, number)
            for number in track(range(self._plan.newcomers), "newcomers", console=CONSOLE)
        ]
        real = list(self._among_real_people(Registry(home / "among_real", self._extractor)))
        return {
            "people": self._plan.people,
            "searches": self._plan.searches,
            "fingers": len(self._fingers),
            "faces": len(self._faces),
            "newcomers": len(newcomers),
            **false_alarms("fpir_review", newcomers),
            **false_alarms("fpir_real_only", real),
            **tries_figures(tried, self._plan),
            "ms_p50": float(np.percentile(seconds, 50)) * 1e3,
            "ms_p95": float(np.percentile(seconds, 95)) * 1e3,
            "hot_bytes_per_person": registry.index.hot_bytes / len(registry.index),
        }

    def _draw(self) -> Subject:
        return draw_subject(self._fingers, self._faces, self._rng)

    def _fill(self, registry: Registry) -> None:
        """N people in the index: synthetic ones, of whom the first have the faces of people with a single picture."""
        plan = self._plan
        registry.add_people(plan.people)
        vectors = [self._face_vectors(one.pictures) for one in self._faces]
        everyone = np.concatenate(vectors)
        single = [one for one in vectors if len(one) == 1]
        people = synthetic_people(
            plan.people,
            everyone,
            np.random.default_rng((plan.seed, 1)),
            pool=min(plan.pool, plan.people * len(POSITIONS)),
            fingers=POSITIONS,
            first_key=1,
            enrolled=np.concatenate(single) if single else None,
        )
        settings = {
            "people": plan.people,
            "pool": plan.pool,
            "seed": plan.seed,
            "faces": hashlib.sha256(everyone.tobytes()).hexdigest()[:16],
            "networks": dict(self._extractor.models),
        }
        fill_kept(registry.index, people, settings, plan.gallery)

    def _face_vectors(self, pictures: Sequence[bytes]) -> Vector:
        found = self._extractor.extract([Capture(Position.FACE, one) for one in pictures])
        return np.stack([one.vector for one in found if isinstance(one, Template)])

    def _tries(self, registry: Registry) -> dict[str, list[Tried]]:
        tried: dict[str, list[Tried]] = {name: [] for name in self._ways}
        for number in track(range(self._plan.searches), "tries of every way", console=CONSOLE):
            subject, enrolled = self._enrolled(registry)
            if number == 0:  # the first search loads what the others find loaded
                registry.index.seconds.clear()
            for name, way in self._ways.items():
                tried[name].append(self._try(registry, way, subject, enrolled.person_key))
            registry.take_back(enrolled)
        return tried

    def _enrolled(self, registry: Registry) -> tuple[Subject, Outcome]:
        """Someone who is enrolled with success. Raises Unusable."""
        for _ in range(ATTEMPTS):
            subject = self._draw()
            outcome = registry.enrol(subject.enrolled())
            if outcome.person_key is not None:
                return subject, outcome
        raise Unusable(f"{ATTEMPTS} people in turn cannot be enrolled with these captures: {outcome.status}")

    def _try(self, registry: Registry, way: Way, subject: Subject, key: int | None) -> Tried:
        """key: of the subject as enrolled."""
        captures = way.captures(subject)
        outcome = registry.enrol(captures)
        registry.take_back(outcome)
        assert key is not None
        return Tried(
            outcome, outcome.named.get(key, UNNAMED), key in registry.preselected(captures), way.depends_on(subject)
        )

    def _newcomer(self, registry: Registry, number: int) -> Newcomer:
        """Enrol someone who is not enrolled; layouts take turns."""
        layout = list(LAYOUTS)[number % len(LAYOUTS)]
        subject = self._draw()
        outcome = registry.enrol(subject.enrolled(*LAYOUTS[layout]))
        registry.take_back(outcome)
        return Newcomer(layout, outcome, frozenset(one.name for one in subject.fingers[: LAYOUTS[layout][1]]))

    def _among_real_people(self, registry: Registry) -> Iterator[Newcomer]:
        """Newcomers among all other real faces and fingers, the fingers dealt out anew to people for each."""
        registry.add_people(len(self._faces))
        for number in track(range(self._plan.newcomers), "newcomers among real people", console=CONSOLE):
            layout = list(LAYOUTS)[number % len(LAYOUTS)]
            subject = self._draw()
            registry.index.clear()
            registry.index.replace(dict(enumerate(self._others(subject), start=1)))
            outcome = registry.enrol(subject.enrolled(*LAYOUTS[layout]))
            registry.take_back(outcome)
            yield Newcomer(layout, outcome, frozenset(one.name for one in subject.fingers[: LAYOUTS[layout][1]]))

    def _others(self, subject: Subject) -> list[list[Template]]:
        """Everyone's real face but the subject's; the first of them have all fingers but the subject's, four each."""
        own = {one.name for one in subject.fingers}
        fingers = [one for one in self._fingers if one.name not in own]
        faces = [one for one in self._faces if one is not subject.face]
        order = [fingers[at].impressions[0] for at in self._rng.permutation(len(fingers))]
        faces = [faces[at] for at in self._rng.permutation(len(faces))]
        hands = [order[start : start + len(POSITIONS)] for start in range(0, len(order), len(POSITIONS))]
        hands = hands[: len(faces)]
        captures = [
            [face(one.pictures[0]), *placed(hands[at] if at < len(hands) else [])] for at, one in enumerate(faces)
        ]
        return [_templates(self._extractor, some) for some in captures]


def _templates(extractor: Extractor, captures: Sequence[SentCapture]) -> list[Template]:
    found = extractor.extract([Capture(Position(one.position), one.content, one.dpi) for one in captures])
    return [one for one in found if isinstance(one, Template)]


def false_alarms(name: str, newcomers: Sequence[Newcomer]) -> dict[str, Any]:
    """The share of newcomers with a case, with intervals, by layout, and how many of the cases name nobody."""
    trials = [one.trial for one in newcomers]
    short = name.removesuffix("_review")
    return {
        name: share(trials),
        f"{short}_ci95": exact_share_interval(trials),
        f"{short}_ci95_if_independent": exact_interval(sum(one.hit for one in trials), len(trials)),
        f"{short}_distinct_fingers": distinct(trials),
        f"{short}_by_marks_alone": share(
            [Trial(one.outcome.case and not one.outcome.named, one.depends_on) for one in newcomers]
        ),
        f"{short}_by_layout": {
            layout: share([one.trial for one in newcomers if one.layout == layout])
            for layout in LAYOUTS
            if any(one.layout == layout for one in newcomers)
        },
    }


def tries_figures(tried: Mapping[str, Sequence[Tried]], plan: Plan) -> dict[str, Any]:
    """By way: how many are caught and by what, how the others end, and what the preselection hands on."""
    trials = {way: [Trial(one.caught, one.depends_on) for one in some] for way, some in tried.items()}
    return {
        "caught": {way: share(some) for way, some in trials.items()},
        "ci95": {way: clustered_interval(some, plan.replicates, plan.seed) for way, some in trials.items()},
        "preselection_recall": {way: _mean(one.preselected for one in some) for way, some in tried.items()},
        "caught_by_name": {way: _mean(one.named for one in some) for way, some in tried.items()},
        "caught_by_mark_alone": {
            way: _mean(one.caught and not one.named for one in some) for way, some in tried.items()
        },
        "hypotheses": {way: _shares([one.by for one in some if one.named], some) for way, some in tried.items()},
        "marks": {
            way: _shares([code for one in some for code in one.outcome.marks], some) for way, some in tried.items()
        },
        "not_caught": {
            way: _shares([_end(one) for one in some if not one.caught], some) for way, some in tried.items()
        },
        "distinct": {way: distinct(some) for way, some in trials.items()},
    }


def _mean(some: Iterable[bool]) -> float:
    found = list(some)
    return sum(found) / max(len(found), 1)


def _shares(names: Sequence[str], of: Sequence[object]) -> dict[str, float]:
    """The most frequent first."""
    return {name: count / len(of) for name, count in Counter(names).most_common()}


def _end(one: Tried) -> str:
    """What a try that was not caught ended with."""
    return "case that names others alone" if one.outcome.case else one.outcome.status
