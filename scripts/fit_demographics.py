"""Fit service/deduplication/steps/demographics.json: what agreement in names, birth, sex, area and documents weighs.

u, how often different people agree, is counted in random pairs. m, how often two records of one person agree, is
estimated by expectation maximisation over pairs that share a key, without knowing who is who; the fields of the key
itself are left out (Fellegi and Sunter 1969; Winkler 1988). The frequency of names is counted. How rare evidence is
among different people is counted in made-up families, where the truth is known.

By default all of it comes from made-up families, whose rates of error are assumed. With --records, m, u and frequencies
come from a file of real people: CSV with the columns full, father, mother, sex, birth_date, birth_year, estimated,
area, document; only full is required, several spellings are parted by "/".
    python -m scripts.fit_demographics --people 20000
"""

import csv
import json
import random
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.family_search import Index, searches
from benchmarks.made_up_families import Families, pair_up
from service.deduplication.domain.blocking import DEFAULT_KEYS, combinations
from service.deduplication.domain.comparison import LEVELS, compare
from service.deduplication.domain.spelling import sound
from service.deduplication.domain.stated import Stated, birth_of, named
from service.deduplication.domain.weights import NAMED, Tail, Weights
from service.deduplication.steps.weights import PAGE

FITTED_BY = {
    "given+father+family": ("mother", "birth", "sex", "area", "document"),
    "mother+date+family": ("given", "father", "sex", "area", "document"),
    "given+mother+year": ("father", "family", "area", "document"),
}
"""Keys, and the fields whose m is estimated over the pairs that share one: those that it does not tell."""
MOST_PAIRS = 300_000
"""Pairs that share a key, of which EM sees a random share where there are more."""
SMALLEST = 1e-5
"""Of m and u: no level is impossible."""
NAMES_KEPT = 1000
Levels = NDArray[np.int8]


def main() -> None:
    cli = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    cli.add_argument("--people", type=int, default=20_000, help="made-up people")
    cli.add_argument("--records", type=Path, help="CSV of real people, for m, u and the frequency of names")
    cli.add_argument("--random-pairs", type=int, default=400_000, help="pairs of different people, for u")
    cli.add_argument("--searches", type=int, default=10_000, help="searches, for the rarity of evidence")
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--out", type=Path, default=PAGE)
    args = cli.parse_args()
    people = Families(args.seed).people(args.people)
    first, second = pair_up(people, args.seed, facts=True)
    records = read_records(args.records) if args.records else [*first, *second]
    frequency, rarest = frequencies(records)
    u = random_agreement(records, args.random_pairs, args.seed)
    m = mated_agreement(records, u, args.seed)
    if not args.records:
        report(m, first, second)
    weights = Weights(m, u, frequency, rarest, Tail(0.0, 1.0), Tail(0.0, 1.0))
    places = random.Random(args.seed).sample(range(len(people)), min(args.searches, len(people)))
    some = combinations(DEFAULT_KEYS)
    found = searches(people, first, second, weights, some=some, places=places)
    relatives: list[float] = []
    strangers: list[float] = []
    for one in track(found, "searching", total=len(places)):
        relatives.append(one.relative)
        strangers += one.strangers
    tails = {
        "strangers": tail(strangers, len(places) * len(people)),
        "relatives": tail(relatives, len(places)),
    }
    for name, line in tails.items():
        print(name, line)
    card = {
        "data": str(args.records.name) if args.records else "made-up families; their rates of error are assumed",
        "records": len(records),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": f"python -m scripts.fit_demographics --people {args.people} --seed {args.seed}",
    }
    page = {
        "card": card,
        "m": rounded(m),
        "u": rounded(u),
        "rarest": rarest,
        "frequency": frequency,
        **{name: asdict(line) for name, line in tails.items()},
    }
    args.out.write_text(json.dumps(page, indent=1) + "\n")


def read_records(path: Path) -> list[Stated]:
    """Raises ValueError for a date that is none."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [_record(row) for row in csv.DictReader(file)]


def _record(row: Mapping[str, str]) -> Stated:
    def spelt(name: str) -> list[str]:
        return [text for text in (row.get(name) or "").split("/") if text.strip()]

    on, year = row.get("birth_date"), row.get("birth_year")
    guess = (row.get("estimated") or "").lower() in ("1", "true", "yes")
    return Stated(
        **named(spelt("full"), spelt("father"), spelt("mother")),
        sex=row.get("sex") or None,
        birth=birth_of(date.fromisoformat(on) if on else None, int(year) if year else None, estimated=guess),
        area=row.get("area") or None,
        documents=frozenset(spelt("document")),
    )


def frequencies(records: Iterable[Stated]) -> tuple[dict[str, dict[str, float]], float]:
    """The share of people by field and sound, of the most frequent; and the share that another has, as if seen once."""
    found = {}
    rarest = 1.0
    for field in NAMED:
        counts = Counter(min(map(sound, words)) for one in records if (words := getattr(one, field)))
        total = counts.total()
        found[field] = {name: float(f"{n / total:.3g}") for name, n in counts.most_common(NAMES_KEPT) if n > 1}
        rarest = min(rarest, 3 / total)
    return found, max(rarest, 1e-4)


def levels_of(pairs: Iterable[tuple[Stated, Stated]]) -> Levels:
    """(pairs, fields), the level's place in LEVELS; -1 where one of the two does not state the field."""
    rows = []
    for one, other in pairs:
        found = compare(one, other)
        rows.append([LEVELS[name].index(found[name].level) if name in found else -1 for name in LEVELS])
    return np.array(rows, np.int8).reshape(-1, len(LEVELS))


def random_agreement(records: Sequence[Stated], pairs: int, seed: int) -> dict[str, dict[str, float]]:
    """u by field and level."""
    rng = random.Random(seed)  # not for secrets
    drawn = ((rng.choice(records), rng.choice(records)) for _ in range(pairs))
    levels = levels_of(pair for pair in track(drawn, "random pairs", total=pairs) if pair[0] is not pair[1])
    return {name: shares(levels[:, at], name) for at, name in enumerate(LEVELS)}


def mated_agreement(
    records: Sequence[Stated], u: Mapping[str, Mapping[str, float]], seed: int
) -> dict[str, dict[str, float]]:
    """m by field and level: the mean over the keys of FITTED_BY that tell it."""
    rng = random.Random(seed)  # not for secrets
    found: dict[str, list[dict[str, float]]] = {name: [] for name in LEVELS}
    for key, fields in FITTED_BY.items():
        pairs = list(Index(records, combinations(key)).pairs())
        pairs = rng.sample(pairs, min(len(pairs), MOST_PAIRS))
        drawn = ((records[one], records[other]) for one, other in track(pairs, f"pairs by {key}"))
        share, m = maximise(levels_of(drawn), {name: u[name] for name in fields})
        print(f"{key}: {len(pairs)} pairs, {share:.1%} of one person")
        for name in fields:
            found[name].append(m[name])
    return {
        name: {level: float(np.mean([one[level] for one in some])) for level in LEVELS[name]}
        for name, some in found.items()
    }


def maximise(
    levels: Levels, u: Mapping[str, Mapping[str, float]], rounds: int = 100
) -> tuple[float, dict[str, dict[str, float]]]:
    """The share of pairs of one person and m of the fields of `u`, by EM; u is held."""
    places = {name: list(LEVELS).index(name) for name in u}
    share = 0.3
    m = {name: _start(name) for name in u}
    for _ in range(rounds):
        ratio = np.full(len(levels), np.log(share / (1 - share)))
        for name, at in places.items():
            weights = [np.log(m[name][level] / u[name][level]) for level in LEVELS[name]]
            ratio += np.append(weights, 0.0)[levels[:, at]]
        mated = 1 / (1 + np.exp(-ratio))
        share = float(np.clip(mated.mean(), 1e-6, 1 - 1e-6))
        m = {name: shares(levels[:, at], name, mated) for name, at in places.items()}
    return share, m


def _start(name: str) -> dict[str, float]:
    """Most records of one person agree at the first level."""
    some = LEVELS[name]
    return {level: 0.8 if place == 0 else 0.2 / (len(some) - 1) for place, level in enumerate(some)}


def shares(column: Levels, name: str, weight: NDArray[np.float64] | None = None) -> dict[str, float]:
    stated = column >= 0
    count = np.bincount(column[stated], None if weight is None else weight[stated], len(LEVELS[name]))
    share = np.maximum(count / max(count.sum(), 1e-9), SMALLEST)
    return dict(zip(LEVELS[name], (share / share.sum()).tolist(), strict=True))


def tail(scores: Sequence[float], trials: int) -> Tail:
    """A line through log10 of the rates at which scores are reached, where between 20 and a tenth of them reach it."""
    score = np.sort(np.array(scores))[::-1]
    counts = np.unique(np.geomspace(20, max(len(score[score > 0]) * 0.3, 40), 30).astype(int))
    counts = counts[counts <= len(score)]
    slope, at = np.polyfit(score[counts - 1], np.log10(counts / trials), 1, w=np.sqrt(counts))
    return Tail(round(float(at), 3), round(-float(slope), 4))


def report(m: Mapping[str, Mapping[str, float]], first: Sequence[Stated], second: Sequence[Stated]) -> None:
    """m by EM beside the true one."""
    levels = levels_of(zip(first, second, strict=True))
    for at, name in enumerate(LEVELS):
        true = shares(levels[:, at], name)
        print(name, {level: (round(m[name][level], 4), round(true[level], 4)) for level in LEVELS[name]})


def rounded(some: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    return {name: {level: float(f"{value:.3g}") for level, value in each.items()} for name, each in some.items()}


if __name__ == "__main__":
    main()
