"""Posting a folder of captures to a running service."""

import json
import mimetypes
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from matcher import Position

FOLDER_NAMESPACE = uuid.UUID("5f0c1f3e-6a0b-4d0e-9a53-6a697372656e")
WAIT_SECONDS = 60
POSITIONS = sorted((position.value for position in Position), key=len, reverse=True)


@dataclass(slots=True)
class FolderPerson:
    """The files of one person. details: what their JSON file states of the enrolment."""

    name: str
    captures: dict[str, Path] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posted:
    """What the service answered. answer: the enrolment, or the problem document."""

    name: str
    accepted: bool
    answer: dict[str, Any]


def read_folder(folder: Path) -> list[FolderPerson]:
    """The people of a folder: `amina_face.jpg` or `amina/face.jpg`, and what else is known in `amina.json`."""
    people: defaultdict[str, FolderPerson] = defaultdict(lambda: FolderPerson(""))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        stem = path.relative_to(folder).with_suffix("").as_posix()
        if path.suffix.lower() == ".json":
            people[stem.removesuffix("/enrolment")].details = json.loads(path.read_text())
        elif (position := _position_of(stem)) is not None:
            people[stem.removesuffix(position).rstrip("/_-")].captures[position] = path
    for name, person in people.items():
        person.name = name or folder.name
    return [person for person in people.values() if person.captures or person.details]


def enrolment_of(person: FolderPerson, site: str, device: str, consent: str | None) -> dict[str, Any]:
    """The enrolment part. Where the JSON names no UUID, one made from the files, so that a second run repeats it."""
    content = "".join(f"{position}{path.read_bytes().hex()}" for position, path in sorted(person.captures.items()))
    newest = max((path.stat().st_mtime for path in person.captures.values()), default=0)
    made = {
        "id": str(uuid.uuid5(FOLDER_NAMESPACE, json.dumps(person.details, sort_keys=True) + person.name + content)),
        "site": site,
        "device": device,
        "captured_at": datetime.fromtimestamp(newest, UTC).isoformat(),
        "person": {"names": [{"script": "Latn", "full": person.name}]},
    }
    if consent is not None:
        made["consent"] = {"given": True, "reference": consent}
    return made | person.details


def post_people(
    people: Iterable[FolderPerson],
    client: httpx.Client,
    parallel: int,
    prepare: Callable[[FolderPerson], dict[str, Any]],
) -> Iterator[Posted]:
    """Post each and wait for the outcome, `parallel` at a time; in the order they finish."""
    with ThreadPoolExecutor(parallel) as pool:
        jobs = [pool.submit(_post, person, client, prepare(person)) for person in people]
        for job in as_completed(jobs):
            yield job.result()


def _post(person: FolderPerson, client: httpx.Client, enrolment: dict[str, Any]) -> Posted:
    files: dict[str, tuple[str, bytes, str]] = {
        position: (path.name, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream")
        for position, path in person.captures.items()
    }
    files["enrolment"] = ("enrolment.json", json.dumps(enrolment).encode(), "application/json")
    try:
        reply = client.post("/v1/enrolments", params={"wait": WAIT_SECONDS}, files=files)
        if reply.status_code == httpx.codes.CONFLICT:  # sent before, with another date or consent: as it stands
            found = client.get(f"/v1/enrolments/{enrolment['id']}", params={"wait": WAIT_SECONDS})
            return Posted(person.name, found.is_success, found.json())
        return Posted(person.name, reply.status_code == httpx.codes.ACCEPTED, reply.json())
    except (httpx.HTTPError, ValueError) as error:
        return Posted(person.name, False, {"detail": f"{type(error).__name__}: {error}"})


def _position_of(stem: str) -> str | None:
    """The longest position a file is named after, so that `left_thumb` is not a `thumb` of a person named `left`."""
    ends = (
        position for position in POSITIONS if stem == position or stem.endswith(tuple(f"{c}{position}" for c in "/_-"))
    )
    return next(ends, None)
