"""Household cards: what their code holds, who issues them, what they are worth; on both kinds of database."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from service.audit.storage.files import KeyFile
from service.bootstrap import open_store
from service.kit.actor import Actor
from service.kit.errors import KeysUnusable
from service.kit.ids import new_uuid
from service.registry.domain import base45, card_payload
from service.registry.domain.card_payload import (
    EPOCH,
    MARK,
    MOST_NAME,
    CardFacts,
    body_of,
    checked_key,
    key_id_of,
    payload_of,
    read_payload,
    statement_of,
)
from service.registry.domain.cards import (
    CardReason,
    CardState,
    new_serial,
    printed_names,
    serial_bytes,
    serial_text,
    typed_serial,
)
from service.registry.domain.households import Household, HouseholdClaim, Role
from service.registry.domain.identifiers import new_household_ids, new_person_numbers
from service.registry.domain.people import Demographics, Name, NameKind, Person
from service.registry.domain.revoked_cards import RevokedCards, read_revoked
from service.registry.errors import CardNotGenuine, CardNotPossible, CardNotPrintable, NoSuchCard, NoSuchHousehold
from service.registry.steps.residence import Joining, complete_households, join
from service.registry.usecases.cards import (
    CardView,
    IssueCard,
    issue_card,
    list_cards,
    read_card,
    revoke_card,
    revoked_serials,
    verify_card,
)
from service.settings import Settings
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER, sent

README = Path(__file__).resolve().parents[3] / "README.md"
KEY = KeyFile(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = KeyFile(Ed25519PrivateKey.from_private_bytes(bytes(32)))
AMINA = Demographics((Name("Latn", "Amina Hassan"), Name("Arab", "أمينة حسن")))
NAMES = st.text(st.characters(codec="utf-8"), max_size=80)
DAYS = st.dates(EPOCH, date(2199, 6, 6))


def facts(name: str = "Amina Hassan", day: date = date(2026, 11, 28), serial: str = "0123ABCD") -> CardFacts:
    return CardFacts("M9644870040", serial, day, name, key_id_of(KEY.public_key))


def written(one: CardFacts, key: KeyFile = KEY) -> str:
    body = body_of(one)
    return payload_of(body, bytes.fromhex(key.sign(statement_of(body))))


@given(NAMES, DAYS, st.binary(min_size=5, max_size=5))
def test_what_is_written_is_read(name: str, day: date, serial: bytes) -> None:
    one = facts(name, day, serial_text(serial))
    read = read_payload(written(one), [OTHER.public_key, KEY.public_key])
    assert replace(read, name="") == replace(one, name="")
    assert name.startswith(read.name)
    assert read.name == name or len(name.encode()) > MOST_NAME >= len(read.name.encode()) > MOST_NAME - 4


@given(st.data())
def test_no_letter_can_be_changed(data: st.DataObject) -> None:
    payload = written(facts())
    at = data.draw(st.integers(0, len(payload) - 1))
    letter = data.draw(st.sampled_from(base45.ALPHABET).filter(lambda one: one != payload[at]))
    with pytest.raises(CardNotGenuine):
        read_payload(payload[:at] + letter + payload[at + 1 :], [KEY.public_key])


@given(st.integers(0, 300))
def test_a_code_that_was_cut_is_refused(length: int) -> None:
    payload = written(facts())
    if length < len(payload):
        with pytest.raises(CardNotGenuine):
            read_payload(payload[:length], [KEY.public_key])


@pytest.mark.parametrize(
    ("payload", "part"),
    [
        ("", "does not begin with JISR1:"),
        ("https://example.org", "does not begin"),
        (MARK, "another layout"),
        (MARK + "aé", "not read whole"),
        (MARK + base45.encode(b"\x02" + bytes(200)), "older or newer"),
        (MARK + base45.encode(b"\x01" + bytes(20)), "not read whole"),
    ],
)
def test_what_is_no_card_is_a_sentence(payload: str, part: str) -> None:
    with pytest.raises(CardNotGenuine, match=part):
        read_payload(payload, [KEY.public_key])


def test_a_card_of_another_key_or_another_registry_is_refused() -> None:
    with pytest.raises(CardNotGenuine, match="none of the keys given"):
        read_payload(written(facts()), [OTHER.public_key])
    with pytest.raises(CardNotGenuine, match="does not hold"):
        read_payload(written(facts(), OTHER), [KEY.public_key])


def test_the_longest_code_is_as_long_as_stated() -> None:
    longest = written(facts("ب" * 40))
    assert len(longest) - len(MARK) <= 213


@given(st.binary(max_size=200))
def test_base45_comes_back(content: bytes) -> None:
    assert base45.decode(base45.encode(content)) == content


@pytest.mark.parametrize(("content", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"ietf!", "QED8WEX0")])
def test_base45_is_that_of_rfc_9285(content: bytes, text: str) -> None:
    assert (base45.encode(content), base45.decode(text)) == (text, content)


@pytest.mark.parametrize("text", ["A", "GGW", "::", "ab"])
def test_what_is_no_base45_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base45|substring"):
        base45.decode(text)


@given(st.binary(min_size=5, max_size=5))
def test_serials_come_back_as_they_are_typed(content: bytes) -> None:
    text = serial_text(content)
    assert (len(text), serial_bytes(text)) == (8, content)
    typed = f" {text[:4].lower()}-{text[4:].replace('0', 'O').replace('1', 'l')}"
    assert typed_serial(typed) == text


def test_names_are_those_of_the_scripts_that_cards_show() -> None:
    parts = (
        Name("Arab", "حسن", NameKind.FAMILY),
        Name("Arab", "أمينة", NameKind.GIVEN),
        Name("Latn", "Amina Hassan"),
        Name("Latn", "Hassan Ali", NameKind.FATHER),
    )
    assert printed_names(Demographics(parts)) == ("Amina Hassan", "أمينة حسن")
    assert printed_names(Demographics((Name("Ethi", "አሚና"),))) == ("አሚና",)
    assert printed_names(Demographics(())) == ("—",)


def test_a_list_of_revoked_cards_cannot_be_shortened() -> None:
    made = RevokedCards(NOW, ("0123ABCD", "1123ABCD"))
    text = made.written(KEY.sign(made.statement()), KEY.public_key)
    assert read_revoked(text, [KEY.public_key]) == made
    with pytest.raises(CardNotGenuine, match="altered"):
        read_revoked(text.replace('"1123ABCD"', '"1123ABCE"'), [KEY.public_key])
    with pytest.raises(CardNotGenuine, match="another key"):
        read_revoked(text, [OTHER.public_key])
    for wrong in ("", "{}", "[1]", '{"at": 3}'):
        with pytest.raises(CardNotGenuine, match="no list"):
            read_revoked(wrong, [KEY.public_key])


class Desk:
    """A household with a head and a spouse."""

    def __init__(self, storage: SqlStorage) -> None:
        self.storage = storage
        with storage.write() as uow:
            head, spouse = Person(new_uuid(), AMINA, NOW), Person(new_uuid(), AMINA, NOW)
            for one, number in zip((head, spouse), new_person_numbers(2, lambda numbers: (), 10), strict=True):
                one.activate(number)
                uow.people.add(one)
            uow.flush()
            claims = [HouseholdClaim(str(new_uuid()), role) for role in (Role.HEAD, Role.HEAD)]
            first, second = join(
                uow,
                [Joining(claim, one, NOW.date()) for claim, one in zip(claims, (head, spouse), strict=True)],
                NOW,
                TESTER,
            )
            uow.flush()
            complete_households(uow, [head, spouse])
            uow.commit()
            self.home, self.other = first.household_id or "", second.household_id or ""

    def issue(
        self, reason: CardReason = CardReason.FIRST, home: str | None = None, actor: Actor = TESTER, **more: UUID
    ) -> CardView:
        command = IssueCard(more.get("id", new_uuid()), home or self.home, reason)
        return issue_card(command, actor=actor, storage=self.storage, clock=Noon(), signer=KEY)

    def check(self, view: CardView) -> tuple[CardState, str | None]:
        assert view.card.payload is not None
        found = verify_card(view.card.payload, actor=TESTER, storage=self.storage, public_keys=[KEY.public_key])
        return found.state, found.leads_to


@pytest.fixture
def desk(storage: SqlStorage) -> Desk:
    return Desk(storage)


def test_a_card_is_verified_with_the_registry_and_without(desk: Desk) -> None:
    view = desk.issue()
    assert desk.check(view) == (CardState.VALID, desk.home)
    read = read_payload(view.card.payload or "", [KEY.public_key])
    assert (read.household_id, read.name, read.serial) == (desk.home, "Amina Hassan", view.card.serial)
    shown = read_card(view.card.serial.lower(), actor=TESTER, storage=desk.storage)
    assert (shown.card.name, shown.card.payload) == (("Amina Hassan", "أمينة حسن"), view.card.payload)


def test_a_new_card_makes_the_former_useless(desk: Desk) -> None:
    first = desk.issue()
    with pytest.raises(CardNotPossible, match="state why"):
        desk.issue()
    second = desk.issue(CardReason.LOST)
    assert desk.check(first) == (CardState.REVOKED, desk.home)
    assert desk.check(second) == (CardState.VALID, desk.home)
    assert revoked_serials(actor=TESTER, storage=desk.storage) == [first.card.serial]
    cards = list_cards(desk.home, actor=TESTER, storage=desk.storage)
    assert [one.card.serial for one in cards] == [first.card.serial, second.card.serial]
    with pytest.raises(CardNotPrintable):
        read_card(first.card.serial, actor=TESTER, storage=desk.storage)


def test_a_card_is_revoked_once_and_needs_no_other_in_its_place(desk: Desk) -> None:
    view = desk.issue()
    for _ in range(2):
        done = revoke_card(view.card.serial, actor=TESTER, storage=desk.storage, clock=Noon())
        assert done.card.revoked_at == Noon().now()
    assert desk.check(view) == (CardState.REVOKED, desk.home)
    assert desk.issue().card.reason is CardReason.FIRST


def test_a_card_of_a_merged_household_leads_to_the_survivor(desk: Desk) -> None:
    view = desk.issue(home=desk.other)
    with desk.storage.write() as uow:
        homes = uow.households.by_household_ids([desk.home, desk.other])
        homes[desk.other].survivor_key = homes[desk.home].key
        uow.commit()
    assert desk.check(view) == (CardState.VALID, desk.home)
    assert [one.household_id for one in list_cards(desk.home, actor=TESTER, storage=desk.storage)] == [desk.other]
    replaced = desk.issue(CardReason.CHANGED)
    assert desk.check(view)[0] is CardState.REVOKED
    assert desk.check(replaced) == (CardState.VALID, desk.home)


def test_a_card_that_a_restored_registry_does_not_know_is_told_apart(desk: Desk) -> None:
    one = written(replace(facts(), serial=new_serial()))
    found = verify_card(one, actor=TESTER, storage=desk.storage, public_keys=[KEY.public_key])
    assert (found.state, found.leads_to) == (CardState.UNKNOWN, None)


def test_a_card_that_is_asked_for_again_is_the_same(desk: Desk) -> None:
    one = new_uuid()
    first = desk.issue(id=one)
    assert desk.issue(id=one).card.serial == first.card.serial
    assert desk.check(first) == (CardState.VALID, desk.home)
    with pytest.raises(CardNotPossible, match="another card"):
        desk.issue(CardReason.LOST, id=one)
    with pytest.raises(CardNotPossible, match="another card"):
        desk.issue(home=desk.other, id=one)


def test_nobody_prints_the_name_of_a_head_whom_they_may_not_see(desk: Desk) -> None:
    """Though they see another member of the household."""
    view = desk.issue()
    with desk.storage.write() as uow:
        child = Person(new_uuid(), AMINA, NOW)
        uow.people.add(child)
        uow.flush()
        uow.enrolments.add(sent(person_key=child.key, site="van-2"))
        uow.enrolments.add(sent(person_key=view.card.person_key, site="fixed-1"))
        join(uow, [Joining(HouseholdClaim(desk.home, Role.CHILD), child, NOW.date())], NOW, TESTER)
        uow.commit()
    van = replace(TESTER, site="van-2", people_of=frozenset({"van-2"}))
    assert len(list_cards(desk.home, actor=van, storage=desk.storage)) == 1
    with pytest.raises(CardNotPossible, match="enrolled elsewhere"):
        desk.issue(CardReason.LOST, actor=van)
    with pytest.raises(NoSuchCard):
        read_card(view.card.serial, actor=van, storage=desk.storage)
    assert desk.check(view) == (CardState.VALID, desk.home)


def test_a_household_without_people_or_id_has_no_card(desk: Desk) -> None:
    empty = Household(new_uuid(), NOW)
    with desk.storage.write() as uow:
        uow.households.add(empty)
        uow.commit()
    with pytest.raises(CardNotPossible, match="no household ID yet"):
        desk.issue(home=str(empty.client_id))
    with desk.storage.write() as uow:
        uow.households.by_key(empty.key).household_id = new_household_ids(1, lambda drawn: ())[0]
        uow.commit()
    with pytest.raises(CardNotPossible, match="no head"):
        desk.issue(home=str(empty.client_id))


def test_a_site_sees_the_cards_of_its_own_people_alone(desk: Desk) -> None:
    view = desk.issue()
    stranger = replace(TESTER, site="elsewhere", people_of=frozenset({"elsewhere"}))
    with pytest.raises(NoSuchHousehold):
        desk.issue(CardReason.LOST, actor=stranger)
    with pytest.raises(NoSuchHousehold):
        list_cards(desk.home, actor=stranger, storage=desk.storage)
    for attempt in (read_card, revoke_card):
        more = {"clock": Noon()} if attempt is revoke_card else {}
        with pytest.raises(NoSuchCard):
            attempt(view.card.serial, actor=stranger, storage=desk.storage, **more)
    assert desk.check(view) == (CardState.VALID, desk.home)


def test_the_key_of_cards_is_made_once(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    first = store.card_signer.public_key
    assert store.card_signer.public_key == first
    assert (tmp_path / "cards" / "signing.key").stat().st_mode & 0o777 == 0o600
    Desk(store.storage).issue()
    (tmp_path / "cards" / "signing.key").unlink()
    with pytest.raises(KeysUnusable, match="restore its copy"):
        _ = store.card_signer
    store.database.dispose()


@pytest.mark.parametrize("text", ["", "xyz", "00" * 31, "00" * 33])
def test_what_is_no_public_key_is_a_sentence(text: str) -> None:
    with pytest.raises(CardNotGenuine, match="no public key"):
        checked_key(text)
    assert checked_key(f"{KEY.public_key} {key_id_of(KEY.public_key)}\n") == KEY.public_key


def test_the_layout_in_the_readme_is_that_of_the_code() -> None:
    layout = [line for line in (card_payload.__doc__ or "").splitlines() if line.startswith("|")]
    assert layout
    assert "\n".join(layout) in README.read_text()
