"""Patterns over many enrolments: how often the honest are blamed, what is caught, and what a night's search costs.

Months of honest registries are drawn: devices differ, people resemble others unequally, ridges vary. Then one device of
the registry sends poor prints on one day, in growing shares, and states a wrong resolution. Last, a database is filled
with made-up enrolments and searched, in the time and memory printed.
"""

import json
import resource
import tempfile
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks import made_up_registry as made_up
from benchmarks.command_line import parser
from benchmarks.made_up_registry import FIRST_DAY, Registry
from benchmarks.registry_rows import Rows
from service.adjudication.domain.evidence import Hypothesis
from service.kit.actor import command_line_actor
from service.kit.keys import HeldKeys
from service.kit.sql.database import open_database
from service.oversight.domain.findings import Found, Kind, Subject
from service.oversight.domain.missing_fingers import exceptions_with_matching_face
from service.oversight.domain.new_fingers import new_fingers_for_a_face
from service.oversight.domain.poor_prints import poor_prints_bursts
from service.oversight.domain.repeated_people import sender_in_enrolments
from service.oversight.domain.resolution import estimates, resolution_drift
from service.oversight.usecases.find_patterns import find_patterns
from service.storage.unit import prepare

PER_DAY = 30
"""Enrolments per device."""
LIAR = Subject(Kind.DEVICE, "scanner-0", "site-0")
SHARES = (0.4, 0.6, 0.8)
STATED = (300, 400, 600, 1000)
A_TIME = 2000
"""Enrolments written at a time."""


class Tonight:
    """A clock that stands still, after the last day."""

    def __init__(self, days: int) -> None:
        self._days = days

    def now(self) -> datetime:
        return FIRST_DAY + timedelta(days=self._days, hours=2)


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.patterns --months 12 --enrolments 100000")
    cli.add_argument("--months", type=int, default=12, help="of honest registries")
    cli.add_argument("--devices", type=int, default=200, help="of each")
    cli.add_argument("--people", type=int, default=100_000, help="enrolled in each")
    cli.add_argument("--enrolments", type=int, default=100_000, help="in the database that is searched; 0: none")
    cli.add_argument("--database-url", help="of an empty database, which is filled; else SQLite in a temporary folder")
    cli.add_argument("--seed", type=int, default=1)
    args = cli.parse_args()
    outcome: dict[str, object] = {"settings": vars(args), "honest": honest(args), "caught": caught(args)}
    if args.enrolments:
        outcome["search"] = searched(args)
    print(json.dumps(outcome))


def registry(args: Namespace, month: int, days: int = 30) -> Registry:
    return Registry(args.devices, days, args.people, np.random.default_rng([args.seed, month]))


def all_patterns(one: Registry) -> list[Found]:
    rows, total = made_up.named(one, PER_DAY, 0.01)
    volume = made_up.volume(one, PER_DAY, total)
    return [
        *poor_prints_bursts(made_up.prints(one)),
        *exceptions_with_matching_face(made_up.missing(one, PER_DAY, 1e-4), volume.enrolments),
        *sender_in_enrolments(rows, volume),
        *new_fingers_for_a_face(made_up.face_pairs(one, PER_DAY, 0.005, 0.01), one.people),
        *resolution_drift(estimates(made_up.periods(one, 200, {})), ()),
    ]


def honest(args: Namespace) -> dict[str, float]:
    """False findings per month, by pattern."""
    found = Counter(each.pattern.value for month in range(args.months) for each in all_patterns(registry(args, month)))
    rates = {pattern: count / args.months for pattern, count in found.items()}
    print(f"false findings per month of {args.devices} devices: {sum(rates.values()):.2f} {rates}")
    return {"all": sum(rates.values()), **rates}


def caught(args: Namespace) -> dict[str, float]:
    """Shares of months in which what was planted is found."""
    months = range(min(args.months, 4))
    shares: dict[str, float] = {}
    for share in SHARES:
        shares[f"burst of {share:.0%} poor"] = _mean([_burst_found(registry(args, month), share) for month in months])
    for stated in STATED:
        factor = {LIAR.name: 500 / stated}
        found = [_drift_found(registry(args, month), factor) for month in months]
        shares[f"500 dpi stated as {stated}"] = _mean(found)
    for name, rate in shares.items():
        print(f"{name}: found in {rate:.0%} of {len(months)}")
    return shares


def _burst_found(one: Registry, share: float) -> bool:
    day = made_up.day_of(17)
    rows = [
        replace(row, prints=120, poor=round(120 * share)) if (row.subject, row.day) == (LIAR, day) else row
        for row in made_up.prints(one)
    ]
    return any((each.subject, each.scope) == (LIAR, day.isoformat()) for each in poor_prints_bursts(rows))


def _drift_found(one: Registry, factors: dict[str, float]) -> bool:
    return any(each.subject == LIAR for each in resolution_drift(estimates(made_up.periods(one, 200, factors)), ()))


def _mean(found: Sequence[bool]) -> float:
    return sum(found) / len(found)


def searched(args: Namespace) -> dict[str, float]:
    """Seconds and MiB of a first and a second search. All enrolments fall into every window."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(args.database_url or f"sqlite:///{Path(folder) / 'jisr.db'}")
        storage = prepare(database, HeldKeys([bytes(32)]))
        began = time.perf_counter()
        rows, rng = Rows(), np.random.default_rng(args.seed)
        for first in range(0, args.enrolments, A_TIME):
            fill(rows, rng, range(first, min(first + A_TIME, args.enrolments)), args.devices)
            rows.write(database)
            rows.forget()
        found = {"fill_seconds": time.perf_counter() - began, "filled_mib": _mib()}
        for name in ("first", "second"):
            began = time.perf_counter()
            report = find_patterns(actor=command_line_actor(), storage=storage, clock=Tonight(28))
            found[f"{name}_seconds"], found[f"{name}_new"] = time.perf_counter() - began, len(report.new)
        found["searched_mib"] = _mib()
        database.dispose()
    print(f"{args.enrolments:,} enrolments: {found}")
    return found


def fill(rows: Rows, rng: np.random.Generator, numbers: range, devices: int) -> None:
    """One in 50 has a case that names another by the face alone; one in 100 lacks a finger."""
    for n in numbers:
        at = FIRST_DAY + timedelta(days=n % 27, seconds=n % 86_400)
        device, subject = f"scanner-{n % devices}", rows.person(at)
        quality, period = (20 if rng.random() < made_up.POOR else 80), 9 * float(np.exp(rng.normal(0, made_up.SPREAD)))
        missing = ("left_thumb",) if rng.random() < 0.01 else ()
        enrolled = rows.enrolment(
            at,
            device,
            f"token:{n % max(devices // 4, 2)}",
            subject=subject,
            qualities=[quality],
            period=period,
            missing=missing,
        )
        if n and rng.random() < 0.02:
            rows.case(enrolled, subject, at, {int(rng.integers(1, n + 1)): Hypothesis.FACE_ALONE})


def _mib() -> float:
    """The most memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
