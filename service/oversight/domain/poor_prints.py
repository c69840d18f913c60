"""Bursts of poor prints: a device or sender with far more of them on one day than the registry has."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from service.oversight.domain import parameters as p
from service.oversight.domain.chance import beta_binomial_tail
from service.oversight.domain.findings import Found, Kind, Pattern, Subject


@dataclass(frozen=True, slots=True)
class Prints:
    """One day of one subject, in UTC: finger captures with an outcome, and how many of them are poor."""

    subject: Subject
    day: date
    prints: int
    poor: int


@dataclass(slots=True)
class _Sums:
    """Sums over days. excess: squared deviations beyond the binomial's; pairs: what they are measured by."""

    rows: int = 0
    prints: int = 0
    poor: int = 0
    excess: float = 0.0
    pairs: float = 0.0

    def less(self, other: "_Sums") -> "_Sums":
        return _Sums(
            self.rows - other.rows,
            self.prints - other.prints,
            self.poor - other.poor,
            self.excess - other.excess,
            self.pairs - other.pairs,
        )

    @property
    def correlation(self) -> float:
        """By moments, within its limits."""
        if self.rows < p.CORRELATION_ROWS or self.pairs <= 0:
            return p.CORRELATION_UNKNOWN
        return min(max(self.excess / self.pairs, p.CORRELATION_LEAST), p.CORRELATION_MOST)


def poor_prints_bursts(rows: Sequence[Prints]) -> list[Found]:
    """Each day of each subject against all others of its kind in all rows, one-sided.

    A subject's own rate on its other days counts where it is higher, up to OWN_RATE_MOST times the others'. Days with
    fewer than LEAST_PRINTS are not judged, nor any while others have fewer than LEAST_OTHERS prints.
    """
    judged = [one for one in rows if one.prints >= p.LEAST_PRINTS]
    per_day = Counter(one.day for one in judged)
    found = []
    for kind in Kind:
        own = _by_subject(one for one in rows if one.subject.kind is kind)
        whole = _sum(own.values())
        for one in judged:
            if one.subject.kind is kind and one.poor >= p.LEAST_POOR:
                others = whole.less(own[one.subject])
                alpha = p.SHARE / (30 * per_day[one.day])
                if others.prints >= p.LEAST_OTHERS and _is_burst(one, own[one.subject], others, alpha):
                    found.append(_found(one, others.poor / others.prints))
    return sorted(found, key=lambda one: (one.since, one.subject.kind, one.subject.site, one.subject.name))


def _is_burst(one: Prints, own: _Sums, others: _Sums, alpha: float) -> bool:
    rate = (others.poor + 1) / (others.prints + 2)  # never none, however good the others' prints are
    own_rate = (own.poor - one.poor) / max(own.prints - one.prints, 1)
    rate = min(max(rate, own_rate), p.OWN_RATE_MOST * rate)
    return one.poor > rate * one.prints and beta_binomial_tail(one.poor, one.prints, rate, others.correlation) < alpha


def _by_subject(rows: Iterable[Prints]) -> dict[Subject, _Sums]:
    """The sums of each subject; its days are compared with its own rate, for that is what a burst departs from."""
    of: defaultdict[Subject, list[Prints]] = defaultdict(list)
    for row in rows:
        of[row.subject].append(row)
    return {subject: _sums(days) for subject, days in of.items()}


def _sums(days: Sequence[Prints]) -> _Sums:
    prints, poor = sum(one.prints for one in days), sum(one.poor for one in days)
    rate = poor / prints if prints else 0.0
    variance, freed = rate * (1 - rate), len(days) / max(len(days) - 1, 1)  # the rate is of the same days
    return _Sums(
        len(days),
        prints,
        poor,
        sum(freed * (one.poor - one.prints * rate) ** 2 - one.prints * variance for one in days),
        sum(one.prints * (one.prints - 1) * variance for one in days),
    )


def _sum(some: Iterable[_Sums]) -> _Sums:
    whole = _Sums()
    for one in some:
        whole = whole.less(_Sums(-one.rows, -one.prints, -one.poor, -one.excess, -one.pairs))
    return whole


def _found(one: Prints, rate: float) -> Found:
    begins = datetime.combine(one.day, time(), UTC)
    return Found(
        Pattern.POOR_PRINTS_BURST,
        one.subject,
        one.day.isoformat(),
        count=one.poor,
        of=one.prints,
        expected=round(rate * one.prints, 3),
        since=begins,
        until=begins + timedelta(days=1),
    )
