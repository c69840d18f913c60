"""Sending people to a running service, however often it takes."""

import json
import mimetypes
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from threading import Event
from typing import Any
from urllib.parse import quote

import httpx

from service.client.enrolment import Defaults, Prepared, prepared
from service.client.folder import FolderPerson
from service.kit.errors import NotJson

WAIT_SECONDS = 60
PAUSES = (0.5, 1, 2, 4, 8, 16, 30)
"""Seconds before each further attempt: a minute, in which a service that was stopped is up again."""
LONGEST_PAUSE = 60
"""Seconds; no more, whatever Retry-After states."""
GATEWAY = (502, 504)
"""Of something between us and the service."""
TRY_AGAIN = (*GATEWAY, 429, 503)
NOT_ADMITTED = (401, 403)


class Fate(StrEnum):
    SENT = "sent"
    ALREADY_THERE = "already there"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a person. enrolment: as the service has it. remarks: sentences for the operator."""

    name: str
    fate: Fate
    enrolment: dict[str, Any] | None = None
    remarks: tuple[str, ...] = ()


class ServiceSilent(Exception):
    """The service does not answer, or takes nothing from this token: no one else can be sent either."""


class ConnectionBroken(Exception):
    """The service answers others, and the connection broke at every attempt to send this person."""


class Sender:
    """Posts people, `parallel` at a time. Once the service is silent, or does not admit us, the others are not sent."""

    def __init__(self, client: httpx.Client, defaults: Defaults, parallel: int) -> None:
        self._client = client
        self._defaults = defaults
        self._parallel = parallel
        self._stop = Event()

    def post(self, people: Iterable[FolderPerson]) -> Iterator[Posted]:
        """What became of each, in the order they finish. Few are held at a time, however many there are."""
        coming = iter(people)
        with ThreadPoolExecutor(self._parallel) as pool:
            try:
                running = {pool.submit(self._post, one) for one in islice(coming, 2 * self._parallel)}
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    running |= {pool.submit(self._post, one) for one in islice(coming, len(done))}
                    yield from (job.result() for job in done)
            finally:
                self._stop.set()

    def _post(self, person: FolderPerson) -> Posted:
        """Sent or not, this raises nothing: no one keeps the others from being sent."""
        if self._stop.is_set():
            return Posted(person.name, Fate.NOT_SENT)
        try:
            return self._send(person, prepared(person, self._defaults))
        except (OSError, NotJson) as error:  # a file that was changed or taken away since the folder was read
            return Posted(person.name, Fate.UNREADABLE, remarks=(str(error),))
        except ConnectionBroken as error:
            return Posted(person.name, Fate.REFUSED, remarks=(str(error),))
        except ServiceSilent as error:
            first = not self._stop.is_set()
            self._stop.set()
            return Posted(person.name, Fate.NOT_SENT, remarks=(str(error),) if first else ())

    def _send(self, person: FolderPerson, ready: Prepared) -> Posted:
        known = self._known(ready.enrolment["id"])
        if known is not None and ready.derived:
            return Posted(person.name, Fate.ALREADY_THERE, known)
        reply = self._patiently(lambda: self._upload(person, ready.enrolment))
        if reply.status_code == httpx.codes.ACCEPTED:
            return Posted(person.name, Fate.SENT if known is None else Fate.ALREADY_THERE, _object(reply))
        if reply.status_code == httpx.codes.CONFLICT and known is not None:
            remark = "was sent before with other content, which stays as it is"
            return Posted(person.name, Fate.ALREADY_THERE, known, (remark,))
        return Posted(person.name, Fate.REFUSED, remarks=_reasons(reply, person))

    def _known(self, enrolment_id: object) -> dict[str, Any] | None:
        """The enrolment, if the service has it: nothing is uploaded twice where a run was broken off."""
        try:
            path = f"/v1/enrolments/{uuid.UUID(str(enrolment_id))}"
        except ValueError:
            return None  # the service names what is wrong with it
        reply = self._patiently(lambda: self._client.get(path, params={"wait": WAIT_SECONDS}))
        return _object(reply) if reply.status_code == httpx.codes.OK else None

    def _upload(self, person: FolderPerson, enrolment: dict[str, Any]) -> httpx.Response:
        with ExitStack() as opened:
            files: dict[str, tuple[str, Any, str]] = {
                position: (
                    path.name,
                    opened.enter_context(path.open("rb")),
                    mimetypes.guess_type(path.name)[0] or "application/octet-stream",
                )
                for position, path in person.captures.items()
            }
            files["enrolment"] = ("enrolment.json", json.dumps(enrolment).encode(), "application/json")
            name = quote(person.name, safe="")
            path = f"/v1/persons/{name}/captures" if self._defaults.adding else "/v1/enrolments"
            return self._client.post(path, params={"wait": WAIT_SECONDS}, files=files)

    def _patiently(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        """The service's answer, asked again after longer and longer pauses while there is none.

        Raises ServiceSilent, ConnectionBroken.
        """
        reason, answers = "", False
        for pause in (*PAUSES, None):
            try:
                reply = self._when_there_is_room(call)
            except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
                raise ServiceSilent(str(error)) from None
            except httpx.TransportError as error:
                reason, answers, stated = f"{type(error).__name__}: {error}", self._answers(), ""
            else:
                if reply.status_code in NOT_ADMITTED:
                    raise ServiceSilent("; ".join(_problems(reply)))
                if reply.status_code not in TRY_AGAIN:
                    return reply
                gateway = reply.status_code in GATEWAY  # which may have failed at this one request
                reason, answers = f"the service answers {reply.status_code}", gateway and self._answers()
                stated = reply.headers.get("retry-after", "")
            if pause is None or self._stop.wait(_seconds(pause, stated)):
                break
        raise (ConnectionBroken if answers else ServiceSilent)(reason)

    def _when_there_is_room(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        """As long as the service's queue is full, it gets on, and is worth waiting for."""
        reply = call()
        while reply.status_code == httpx.codes.TOO_MANY_REQUESTS:
            if self._stop.wait(_seconds(1, reply.headers.get("retry-after", ""))):
                break
            reply = call()
        return reply

    def _answers(self) -> bool:
        try:
            return self._client.get("/healthz").is_success
        except httpx.TransportError:
            return False


def _seconds(pause: float, stated: str) -> float:
    """To wait: what the service asks for, within reason."""
    return min(max(pause, int(stated) if stated.isdecimal() else 0), LONGEST_PAUSE)


def _object(reply: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty where something between us and the service answered otherwise."""
    try:
        found = reply.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _problems(reply: httpx.Response) -> list[str]:
    answer = _object(reply)
    return [str(answer.get("detail") or f"the service answers {reply.status_code}")]


def _reasons(reply: httpx.Response, person: FolderPerson) -> tuple[str, ...]:
    """What the service found wrong, each with the file it is about."""
    answer = _object(reply)
    errors = answer.get("errors")
    named = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    lines = [_with_file(one, person) for one in named if {"field", "detail"} <= one.keys()]
    if isinstance(left_out := answer.get("errors_left_out"), int) and left_out:
        lines.append(f"and {left_out:,} more")
    return tuple(lines or _problems(reply))


def _with_file(error: dict[str, Any], person: FolderPerson) -> str:
    field = str(error["field"])
    path = person.captures.get(field)
    if path is None and field.partition(".")[0] == "enrolment":
        path = person.details
    return f"{field}: {error['detail']}" + (f" [{path.name}]" if path else "")
