"""How often made-up families are found to be enrolled twice by what they state alone, and how often wrongly.

FNIR: the share of second enrolments whose first one is not found in the band. FPIR: the share of searches of people who
were not enrolled before that reach the band by anyone else. Both with 95 % intervals (Wilson 1927). Thresholds are
those of a registry of the size searched; the seed is another than that of the fit.
"""

import json
import random
from collections.abc import Sequence

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.command_line import parser
from benchmarks.family_search import Found, searches
from benchmarks.made_up_families import Families, pair_up
from service.adjudication.domain.evidence import Band, Thresholds
from service.deduplication.domain.blocking import DEFAULT_KEYS, combinations
from service.deduplication.domain.comparison import Guard
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.domain.weights import DemographicEvidence, Weights
from service.deduplication.steps.weights import fitted_weights

Rate = tuple[float, float, float]
"""A share and its interval."""


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.demographics --people 5000 20000 80000 --facts")
    cli.add_argument("--people", type=int, nargs="+", default=[5_000, 20_000], help="sizes of the registry")
    cli.add_argument("--searches", type=int, default=5_000, help="searches per size")
    cli.add_argument("--facts", action="store_true", help="with areas and documents")
    cli.add_argument("--keys", default=DEFAULT_KEYS, help="combinations that pairs must share")
    cli.add_argument("--fpir-review", type=float, default=0.01, help="promised in the band review and above")
    cli.add_argument("--fpir-duplicate", type=float, default=0.0001, help="promised in the band duplicate")
    cli.add_argument("--seed", type=int, default=7)
    args = cli.parse_args()
    policy = SearchPolicy(args.fpir_review, args.fpir_duplicate, 10)
    found = {
        size: measure(size, args.searches, args.seed, policy=policy, keys=args.keys, facts=args.facts)
        for size in args.people
    }
    table = Table("people", *next(iter(found.values())))
    for size, figures in found.items():
        table.add_row(f"{size:,}", *map(_shown, figures.values()))
    Console(width=150).print(table)
    print(json.dumps({"settings": vars(args), "people": found}))


def measure(
    size: int, count: int, seed: int, *, policy: SearchPolicy, keys: str, facts: bool
) -> dict[str, Rate | float]:
    people = Families(seed).people(size)
    first, second = pair_up(people, seed, facts=facts)
    weights, thresholds = fitted_weights(), policy.thresholds(size)
    places = random.Random(seed).sample(range(size), min(count, size))
    some = combinations(keys)
    run = searches(people, first, second, weights, some=some, places=places)
    found = list(track(run, f"{size:,} people", total=len(places)))
    mates = [_band(one.mate, weights, thresholds, size) for one in found]
    alarms = [_alarm(one, weights, thresholds, size) for one in found]
    return {
        "fnir_review": wilson(sum(band is Band.UNIQUE for band in mates), len(found)),
        "fnir_duplicate": wilson(sum(band is not Band.DUPLICATE for band in mates), len(found)),
        "fpir_review": wilson(sum(band is not Band.UNIQUE for band in alarms), len(found)),
        "fpir_duplicate": wilson(sum(band is Band.DUPLICATE for band in alarms), len(found)),
        "no_key_shared": sum(one.mate is None for one in found) / len(found),
        "guarded": sum(one.mate is not None and one.mate.guard is not None for one in found) / len(found),
        "compared_mean": sum(one.compared for one in found) / len(found),
    }


def _band(found: DemographicEvidence | None, weights: Weights, thresholds: Thresholds, size: int) -> Band:
    if found is None or found.guard in (Guard.OTHER_GIVEN, Guard.GENERATION):
        return Band.UNIQUE
    band = thresholds.band(weights.rarity(found.log10_lr, size))
    return Band.REVIEW if found.guard is Guard.TWINS and band is Band.DUPLICATE else band


def _alarm(found: Found, weights: Weights, thresholds: Thresholds, size: int) -> Band:
    return thresholds.band(weights.rarity(max([found.relative, *found.strangers]), size))


def wilson(count: int, of: int) -> Rate:
    """A share and its 95 % interval."""
    z, share = 1.96, count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    return share, max(middle - half, 0.0), min(middle + half, 1.0)


def _shown(figure: Sequence[float] | float) -> str:
    if isinstance(figure, float):
        return f"{figure:.4g}"
    return "{:.2%} ({:.2%} to {:.2%})".format(*figure)


if __name__ == "__main__":
    main()
