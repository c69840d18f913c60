"""`jisr enrol` and `jisr add`, a folder at a time, and `jisr retry`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.progress import track

from service.cli import common
from service.client.folder import printable
from service.enrolment.usecases.process_again import process_again

if TYPE_CHECKING:
    from service.client.enrolment import Defaults
    from service.client.folder import Folder
    from service.client.post import Posted


Token = Annotated[str, typer.Option(envvar="JISR_TOKEN", help="a token of role enroller")]
Url = Annotated[str, typer.Option(envvar="JISR_URL", help="the service")]
ConsentShown = Annotated[str | None, typer.Option(help="what shows their consent, where the JSON does not state it")]
Site = Annotated[str, typer.Option(help="where they were captured")]
Device = Annotated[str, typer.Option(help="what captured them")]
Parallel = Annotated[int, typer.Option(min=1, max=16, help="people posted at a time")]
Strict = Annotated[bool, typer.Option("--strict", help="send nothing unless every file is plain")]


def enrol(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="captures of any number of people")],
    *,
    token: Token,
    url: Url = "http://127.0.0.1:8000",
    consent: ConsentShown = None,
    site: Site = "import",
    device: Device = "folder",
    parallel: Parallel = 4,
    strict: Strict = False,
) -> None:
    """Post a folder of captures to a running service and show what became of each person.

    Files are named after person and position: `amina_face.jpg` and `amina_right_index.png`, or `amina/face.jpg`.
    Positions are face, right_ or left_ thumb, index, middle, ring and little, plain_right_four, plain_left_four and
    plain_thumbs. Capitals do not matter, words may be parted by `-`, a space or nothing, and the number of a copy may
    follow: `amina_RIGHT-INDEX (1).png`. Abbreviations such as `r_index` are not read.

    What else is known (names, sex, household, exceptions: the API's part `enrolment`) goes into `amina.json` or
    `amina/enrolment.json`.

    What is not plain is named and left out, and the rest goes on: names of no position, empty and unreadable files, and
    different files for one position of one person, of which none is taken. A person whose JSON cannot be read is not
    sent. Files that operating systems leave, such as `.DS_Store`, are ignored.

    A second run repeats the first and enrols no one twice, so a run that was broken off is simply given again. A person
    whose files have changed since is a new enrolment: use --strict where no one is to be sent in part.

    Ends with status 1 if anyone or anything was refused, left out or not sent.
    """
    from service.client.enrolment import Defaults

    _post(folder, Defaults(site, device, consent), token=token, url=url, parallel=parallel, strict=strict)


def add(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="captures of people who are enrolled")],
    *,
    token: Token,
    url: Url = "http://127.0.0.1:8000",
    consent: ConsentShown = None,
    site: Site = "import",
    device: Device = "folder",
    parallel: Parallel = 4,
    strict: Strict = False,
) -> None:
    """Add a folder of captures to people who are enrolled: grown children, better pictures.

    Files are named as for `jisr enrol`, with the person's number in place of a name: `5847198296_face.jpg`. What else
    is known (consent, exceptions: the API's part `enrolment`, without person and household) goes into
    `5847198296.json`.

    Captures that are certainly the person's are added at once; of others an operator decides. A second run repeats the
    first and adds nothing twice.

    Ends with status 1 if anyone or anything was refused, left out or not sent.
    """
    from service.client.enrolment import Defaults

    defaults = Defaults(site, device, consent, adding=True)
    _post(folder, defaults, token=token, url=url, parallel=parallel, strict=strict)


def _post(folder: Path, defaults: "Defaults", *, token: str, url: str, parallel: int, strict: bool) -> None:
    import httpx

    from service.client.folder import read_folder
    from service.client.post import Sender

    found = read_folder(folder)
    _name_what_is_not_plain(found, strict)
    if not found.people:
        typer.echo(f"{folder}: no file is named after a position, such as amina_face.jpg", err=True)
        raise typer.Exit(2)
    fates: Counter[str] = Counter()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:
        posted = Sender(client, defaults, parallel).post(found.people)
        what = "adding" if defaults.adding else "enrolling"
        for one in track(posted, what, total=len(found.people), console=common.console):
            fates[one.fate] += 1
            if one.enrolment is not None or one.remarks:
                common.console.print(_line(one), markup=False, highlight=False, soft_wrap=True)
    if not _summarise(fates, found):
        raise typer.Exit(1)


def _name_what_is_not_plain(found: "Folder", strict: bool) -> None:
    for one in found.files:
        typer.echo(f"{one.where} {one.reason}", err=True)
    for one in found.held_back:
        typer.echo(f"{one.where} is not sent: {one.reason}", err=True)
    if strict and (found.files or found.held_back):
        typer.echo(f"nothing was sent: {_left_out(found)}", err=True)
        raise typer.Exit(1)


def _line(one: "Posted") -> str:
    """One person: what became of them, and what an operator should know."""
    answer, remarks = one.enrolment or {}, [*one.remarks]
    remarks += [f"{each['position']}: {each['detail']}" for each in answer.get("captures", ()) if each["problem"]]
    remarks += [
        f"{each['position']}: {one['detail']}" for each in answer.get("captures", ()) for one in each["warnings"]
    ]
    remarks[:0] = [f"{', '.join(each['positions'])}: {each['sentence']}" for each in answer.get("marks", ())]
    if answer.get("case"):
        unsure = "may be another's" if answer.get("added_to") else "may be enrolled already"
        remarks.insert(0, unsure if answer.get("candidates", 1) else "to be looked at")
    status = answer.get("status", one.fate.value)
    numbers = [name for name in (answer.get("person_number"), answer.get("household_id")) if name]
    return f"{printable(one.name)}: {', '.join([status, *numbers])}" + (f" ({'; '.join(remarks)})" if remarks else "")


def _left_out(found: "Folder") -> str:
    return f"{len(found.files):,} files are left out, {len(found.held_back):,} people are held back"


def _summarise(fates: "Counter[str]", found: "Folder") -> bool:
    """Print the counts; whether all and everyone was sent."""
    from service.client.post import Fate

    counts = ", ".join(f"{fates[fate]:,} {fate}" for fate in Fate)
    typer.echo(f"{counts}; {_left_out(found)}")
    complete = fates[Fate.SENT] + fates[Fate.ALREADY_THERE] == len(found.people)
    return complete and not found.files and not found.held_back


def retry(
    enrolment: Annotated[
        UUID, typer.Argument(help="its UUID; unusable as processing_failed, capture_missing or capture_altered")
    ],
) -> None:
    """Process an enrolment again that was given up, once what made it fail is corrected."""
    with common.plain_errors():
        process_again(enrolment, actor=common.actor(), storage=common.store().storage)
