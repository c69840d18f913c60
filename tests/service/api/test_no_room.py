"""Where the machine or the queue has no room: try again later, and nothing is lost. On both kinds of database."""

import errno
import io
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image

from service.bootstrap import App
from service.settings import Settings
from tests.captures import capture
from tests.service.api.counter import FIRST, Client, enrolment

PERSON = "/v1/persons/2345678901"


@contextmanager
def small_files() -> Iterator[None]:
    """Files of more than 100 kB cannot be written, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def portrait() -> bytes:
    """Some 400 kB."""
    out = io.BytesIO()
    Image.open(io.BytesIO(capture("obama.jpg"))).save(out, "PNG")
    assert len(out.getvalue()) > 200_000
    return out.getvalue()


def assert_try_again(answer: Any, status: int, kind: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}"), answer.text
    assert int(answer.headers["retry-after"]) > 0


def test_a_full_disk_refuses_for_now_and_keeps_nothing(counter: Client, jisr: App) -> None:
    part, shots = enrolment(), {"face": portrait()}
    with small_files():
        assert_try_again(counter.post_enrolment(part, shots), 503, "not-ready")
    assert not list(jisr.store.blobs.names())
    answer = counter.post_enrolment(part, shots)
    assert (answer.status_code, answer.json()["status"]) == (202, "enrolled")


def test_a_folder_that_is_gone_refuses_for_now(counter: Client, jisr: App) -> None:
    captures, part = jisr.store.blobs.root, enrolment()
    captures.rename(captures.with_name("elsewhere"))
    assert_try_again(counter.post_enrolment(part, FIRST), 503, "not-ready")
    captures.with_name("elsewhere").rename(captures)
    assert counter.post_enrolment(part, FIRST).json()["status"] == "enrolled"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EMFILE, errno.ENOMEM])
def test_what_the_machine_lacks_is_no_mistake(counter: Client, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def lacking(*given: object, **named: object) -> None:
        raise OSError(code, "what the operating system says")

    monkeypatch.setattr("service.api.people.read_person", lacking)
    assert_try_again(counter.call("GET", PERSON), 503, "not-ready")


class TestFullQueue:
    """No worker runs, and two may wait."""

    @pytest.fixture
    def jisr(self, app: App) -> App:
        object.__setattr__(app.store, "settings", Settings(home=app.store.settings.home, most_waiting=2))
        return app

    def test_more_than_may_wait_are_to_come_again_later(self, counter: Client, jisr: App) -> None:
        parts = [enrolment() for _ in range(3)]
        for part in parts[:2]:
            assert counter.post_enrolment(part, FIRST, wait=0).status_code == 202
        assert_try_again(counter.post_enrolment(parts[2], FIRST, wait=0), 429, "queue-full")
        assert counter.post_enrolment(parts[0], FIRST, wait=0).status_code == 202  # a repeat is answered
        assert jisr.worker.process() == 2
        assert counter.post_enrolment(parts[2], FIRST, wait=0).status_code == 202
