"""`jisr enrol`, a folder at a time, and `jisr retry`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.progress import track
from rich.table import Table

from service.cli import common
from service.enrolment.usecases.process_again import process_again

if TYPE_CHECKING:
    from service.client import Posted


def enrol(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="captures of any number of people")],
    *,
    token: Annotated[str, typer.Option(envvar="JISR_TOKEN", help="a token of role enroller")],
    url: Annotated[str, typer.Option(envvar="JISR_URL", help="the service")] = "http://127.0.0.1:8000",
    consent: Annotated[str | None, typer.Option(help="what shows their consent, where the JSON does not state it")] = (
        None
    ),
    site: Annotated[str, typer.Option(help="where they were captured")] = "import",
    device: Annotated[str, typer.Option(help="what captured them")] = "folder",
    parallel: Annotated[int, typer.Option(min=1, max=16, help="people posted at a time")] = 4,
) -> None:
    """Post a folder of captures to a running service and show what became of each.

    Files are named after person and position: `amina_face.jpg` and `amina_right_index.png`, or `amina/face.jpg`.
    What else is known (names, sex, household, exceptions: the API's part `enrolment`) goes into `amina.json`.
    A second run repeats the first and enrols no one twice.
    """
    import httpx

    from service.client import enrolment_of, post_people, read_folder

    people = read_folder(folder)
    if not people:
        typer.echo(f"{folder}: no file is named after a position, such as amina_face.jpg", err=True)
        raise typer.Exit(2)
    table = Table("person", "status", "number", "household", "remark")
    failed = 0
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:
        posted = post_people(people, client, parallel, lambda one: enrolment_of(one, site, device, consent))
        for one in track(posted, "enrolling", total=len(people), console=common.console):
            failed += not one.accepted
            table.add_row(one.name, *_summary(one))
    common.console.print(table)
    if failed:
        raise typer.Exit(1)


def _summary(posted: "Posted") -> tuple[str, str, str, str]:
    answer = posted.answer
    if not posted.accepted:
        remarks = "; ".join(f"{error['field']}: {error['detail']}" for error in answer.get("errors", ()))
        return "refused", "", "", remarks or str(answer.get("detail", ""))
    notes = [f"{each['position']}: {each['detail']}" for each in answer["captures"] if each["problem"]]
    notes += [f"{each['position']}: {one['detail']}" for each in answer["captures"] for one in each["warnings"]]
    if answer["case"]:
        notes.insert(0, "may be enrolled already")
    return answer["status"], answer["person_number"] or "", answer["household_id"] or "", "; ".join(notes)


def retry(enrolment: Annotated[UUID, typer.Argument(help="its UUID; unusable with reason processing_failed")]) -> None:
    """Process an enrolment again that was given up, once what made it fail is corrected."""
    with common.plain_errors():
        process_again(enrolment, actor=common.actor(), storage=common.store().storage)
