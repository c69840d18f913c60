"""Are people who try to enrol twice found? Each way of trying, among N others, through the service's own processing.

A try's subject has a real face and four real fingers, of two hands. They are enrolled, and enrolled again in each of
the ways with other captures: received as a post is, extracted, searched, decided and recorded in a database of its own
by the service's use cases. A try is caught if this ends with an open case that names the subject, or that marks the
enrolment itself, such as one finger given at several positions. One that is refused at the counter, or has no usable
capture, is not caught. After each try its captures are taken back, so that tries do not find each other. Wrong fingers
and faces are other real people's, who are not enrolled.

The N people have a face and the same four positions. Real are the faces of all people with a single picture; other
faces are drawn from a Gaussian with the mean and covariance of the real ones. Fingers are synthetic prints of a pool,
which people share. They are put into the index directly and have rows in the database, so that a case can name them: of
a try that is a false alarm, of the subject's first enrolment and of a newcomer too.

Newcomers are real people who are not enrolled, with a face and four fingers, a face and one, four fingers or one.
`fpir_review` is the share of them that gets a case. Synthetic fingers resemble real ones less than those resemble each
other, so it is too favourable; `fpir_real_only` is measured among real people alone, some hundreds with a face and a
few with fingers.

Intervals (95 %) are by drawing fingers or faces again. Where all or none are caught, and for newcomers, they are
Clopper and Pearson's on as many trials as there are different fingers or faces, as if one finger always ended alike.

--cache and --gallery keep what takes long for later runs: extracted captures, which stay valid until networks or code
of extraction change, and the index of the N people.
"""

import json
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Column, Table

from benchmarks.command_line import parser
from benchmarks.evasion.cache import CachedExtractor
from benchmarks.evasion.captures import Unusable, read_faces, read_fingers, resolutions
from benchmarks.evasion.measure import Measurement, Plan
from benchmarks.evasion.ways import ways
from service.kit.logs import set_up

CONSOLE = Console(stderr=True)
WIDTH = 130  # of the tables, also where output goes to a file


def main() -> None:
    cli = command_line()
    args = cli.parse_args()
    set_up("ERROR")
    try:
        result = run(args)
    except Unusable as error:
        cli.error(str(error))
    show(result)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


def command_line() -> ArgumentParser:
    cli = parser(
        __doc__,
        "python -m benchmarks.evasion --fingers FVC2002_DB1_B FVC2002_DB2_B --dpi FVC2002_DB2_B=569 "
        "--faces LFW/pairs.txt LFW/images --people 10000 --cache CACHE",
    )
    cli.add_argument(
        "--fingers", type=Path, nargs="+", required=True, metavar="DIR", help="folders of <finger>_<impression>.png"
    )
    cli.add_argument(
        "--dpi", nargs="*", default=[], metavar="NAME=VALUE", help="true resolution of a folder; 500 otherwise"
    )
    cli.add_argument(
        "--faces", type=Path, nargs=2, required=True, metavar=("PAIRS", "IMAGES"),
        help="which pictures are one person's, as LFW's pairs.txt or people.txt; a folder of pictures NAME_0001.jpg",
    )  # fmt: skip
    cli.add_argument("--people", type=at_least_one, default=10_000, help="enrolled beside the subject")
    cli.add_argument("--pool", type=at_least_one, default=40_000, help="different synthetic fingers, which they share")
    cli.add_argument("--searches", type=at_least_one, default=100, help="tries of every way")
    cli.add_argument(
        "--newcomers", type=at_least_one, help="searches by people not enrolled; ten for each try of a way otherwise"
    )
    cli.add_argument(
        "--ways", nargs="*", default=[], metavar="WAY", help=f"only these of {', '.join(ways(np.random.default_rng()))}"
    )
    cli.add_argument("--cache", type=Path, metavar="FOLDER", help="keeps what is extracted for later runs")
    cli.add_argument("--gallery", type=Path, metavar="FOLDER", help="keeps the index of the N people for later runs")
    cli.add_argument("--work", type=Path, metavar="FOLDER", help="where the registry is meanwhile; a temporary folder")
    cli.add_argument("--replicates", type=at_least_one, default=1000, help="bootstrap replicates behind the intervals")
    cli.add_argument("--seed", type=int, default=1, help="of everything drawn at random")
    cli.add_argument("--out", type=Path, metavar="FILE", help="also write the JSON there")
    return cli


def at_least_one(text: str) -> int:
    """A whole number of an argument."""
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def run(args: Namespace) -> dict[str, Any]:
    """All figures. Raises Unusable."""
    chosen = ways(np.random.default_rng((args.seed, 2)))
    if unknown := set(args.ways) - set(chosen):
        raise Unusable(f"--ways: there is no way {', '.join(sorted(unknown))}; there are {', '.join(chosen)}")
    with named("--dpi"):
        dpi = resolutions(args.dpi, args.fingers)
    extractor = CachedExtractor(args.cache)
    with named("--fingers"):
        fingers = [one for folder in args.fingers for one in read_fingers(folder, dpi[folder.name], extractor)]
    with named("--faces"):
        pairs, images = args.faces
        faces = read_faces(pairs, images, extractor)
    plan = Plan(
        people=args.people,
        pool=args.pool,
        searches=args.searches,
        newcomers=args.newcomers or 10 * args.searches,
        replicates=args.replicates,
        seed=args.seed,
        gallery=args.gallery,
    )
    wanted = {name: way for name, way in chosen.items() if name in args.ways or not args.ways}
    measurement = Measurement(fingers, faces, extractor, wanted, plan)
    with tempfile.TemporaryDirectory(dir=args.work) as home:
        return measurement.run(Path(home))


@contextmanager
def named(argument: str) -> Iterator[None]:
    """What is unusable is so by this argument."""
    try:
        yield
    except Unusable as error:
        raise Unusable(f"{argument}: {error}") from None


def show(result: Mapping[str, Any]) -> None:
    """The figures as tables."""
    table = Table(
        Column("way", no_wrap=True), "caught %", "95 %", "by name %", "by mark alone %", "preselected %", "distinct"
    )
    why = Table(Column("way", no_wrap=True), "hypotheses of those named %", "marks in cases %", "not caught %")
    for way, share in result["caught"].items():
        table.add_row(
            way,
            percent(share),
            between(result["ci95"][way]),
            *(percent(result[one][way]) for one in ("caught_by_name", "caught_by_mark_alone", "preselection_recall")),
            str(result["distinct"][way]),
        )
        why.add_row(way, *(listed(result[one][way]) for one in ("hypotheses", "marks", "not_caught")))
    console = Console(stderr=True, width=max(CONSOLE.width, WIDTH))
    console.print(f"among {result['people']:,} people, {result['searches']} tries of each way", table, why)
    for name, among in (("fpir_review", "among all"), ("fpir_real_only", "among real people alone")):
        show_false_alarms(result, name, among)
    CONSOLE.print(
        f"a search takes {result['ms_p50']:.0f} ms (p50), {result['ms_p95']:.0f} (p95) and reads "
        f"{result['hot_bytes_per_person']:.0f} bytes per person"
    )


def show_false_alarms(result: Mapping[str, Any], name: str, among: str) -> None:
    short = name.removesuffix("_review")
    fingers, independent = result[f"{short}_distinct_fingers"], between(result[f"{short}_ci95_if_independent"])
    CONSOLE.print(
        f"newcomers with a case, {among}: {percent(result[name])} % ({between(result[f'{short}_ci95'])} by {fingers} "
        f"different fingers, {independent} if all {result['newcomers']} were independent); by layout: "
        f"{listed(result[f'{short}_by_layout'])}"
    )


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def between(interval: tuple[float, float]) -> str:
    return f"{percent(interval[0])}–{percent(interval[1])}"


def listed(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in shares.items())


if __name__ == "__main__":
    main()
