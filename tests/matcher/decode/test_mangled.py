"""Mangled records, pictures and texts of every kind: read, or refused with the matcher's own errors."""

import base64
import random
from collections import Counter

import pytest
from PIL import Image as Pillow

from matcher.decode import decode
from matcher.errors import CaptureError
from matcher.finger.records import extract_record, is_minutiae_record
from matcher.types import SLAPS, Position
from tests.matcher.decode.test_decode import SMALL, scene, written
from tests.matcher.decode.test_face_record import of_2005, of_2011
from tests.matcher.decode.test_finger_record import WSQ, new, of_ansi, old
from tests.matcher.decode.test_wrong_kinds import KINDS
from tests.matcher.finger import test_records as minutiae
from tests.matcher.finger.test_ansi import of_2004, of_2009

RAW, PNG = 0, 5
ROWS = [(1, 3 * i, 2 * i, i, 50) for i in range(30)]
MPO = written(Pillow.new("RGB", (9, 9)), "MPO", save_all=True, append_images=[Pillow.new("RGB", (5, 5))])
PAGES = written(Pillow.new("L", (9, 9)), "TIFF", save_all=True, append_images=[Pillow.new("L", (5, 5))])
READ: dict[str, bytes] = {
    **SMALL,
    "MPO": MPO,
    "minutiae of 2005": minutiae.old(ROWS, extended=bytes(9)),
    "minutiae of 2011": minutiae.new(ROWS, qualities=bytes([80, 0, 1, 0, 2]), certificates=bytes(6)),
    "minutiae of five bytes": minutiae.new(ROWS, width=5),
    "finger of 2005": old(scene(8, 9).tobytes(), RAW, size=(9, 8)),
    "finger of 2011": new(SMALL["PNG"], PNG, qualities=2, certified=True),
    "face of 2005": of_2005(SMALL["JPEG"], points=2),
    "face of 2011": of_2011(SMALL["JPEG2000"], qualities=2, points=3),
}
WHOLE: dict[str, bytes] = {
    **READ,
    "TIFF of pages": PAGES,
    "ANSI 378-2004": of_2004(),
    "ANSI 378-2009": of_2009(),
    "ANSI 381": of_ansi(bytes(60), RAW),
    "finger of 2011, WSQ": new(b"\xff\xa0\xff\xa2\x00\x11\x00\xff\x00\x08\x00\x09" + bytes(20), WSQ),
    "base64": base64.b64encode(minutiae.old()),
    "hexadecimal": SMALL["PNG"].hex().encode(),
    **{f"as {kind}": content for kind, (content, _) in KINDS.items()},
}
SENT_AS = ((), (Position.FACE,), (Position.RIGHT_INDEX,), SLAPS["plain_right_four"])


def mangled(rng: random.Random) -> tuple[str, bytes]:
    """Bytes changed, taken out, put in or cut off; the front, where the headers are, most often."""
    kind = rng.choice([*rng.choice((READ, READ, WHOLE))])
    content = bytearray(WHOLE[kind])
    for _ in range(rng.choice((0, 1, 1, 2, 4, 9))):
        place = rng.randrange(min(len(content), rng.choice((24, 64, 1 << 20))) or 1)
        some = bytes(rng.choice((0, 1, 2, 127, 128, 255, rng.randrange(256))) for _ in range(rng.choice((1, 1, 2, 4))))
        content[place : place + rng.choice((0, len(some), len(some), len(some), 7))] = some
    kept = rng.choice((1.0, 1.0, 1.0, rng.random()))
    return kind, bytes(content[: int(len(content) * kept)]) + bytes(rng.choice((0, 0, 0, 1, 99)))


def outcome(content: bytes, rng: random.Random) -> str:
    """What a capture would get; anything raised but a CaptureError is a mistake of ours."""
    sent_as, dpi = rng.choice(SENT_AS), rng.choice((None, None, 500.0, 51.0))
    try:
        if len(sent_as) == 1 and sent_as[0].is_finger and is_minutiae_record(content):
            extract_record(content, dpi, sent_as[0])
        else:
            found = decode(content, dpi=dpi, sent_as=sent_as)
            assert found.pixels.size
    except CaptureError as refused:
        return type(refused).__name__ if str(refused) else "without a reason"
    return "read"


def outcomes(seed: int, count: int) -> Counter[str]:
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    for _ in range(count):
        kind, content = mangled(rng)
        try:
            found[outcome(content, rng)] += 1
        except Exception as mistake:
            raise AssertionError(f"{kind}, seed {seed}: {content.hex()}") from mistake
    return found


@pytest.mark.parametrize("seed", range(3))
def test_mangled_captures_are_read_or_refused(seed: int) -> None:
    found = outcomes(seed, 400)
    assert found["read"] > 30
    assert found["without a reason"] == 0
    assert found["CaptureDamaged"] > 30
    assert found["CaptureUnreadable"] > 30


def test_nothing_is_mangled_that_was_not_whole() -> None:
    """Each whole record and picture is read, so that mangling begins from what works."""
    for kind, content in READ.items():
        if is_minutiae_record(content):
            assert len(extract_record(content)[0]) == len(ROWS), kind
        else:
            assert decode(content).pixels.size, kind
