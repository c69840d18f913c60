"""The benchmark of names: its spellings are what registers hold, and it runs on both databases."""

import random
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.name_spellings import FEMALE, LANGUAGES, MALE, mistyped, spelled
from benchmarks.names import measure
from service.registry.domain.search import keys_of
from service.registry.domain.spelling import units


@pytest.mark.parametrize(
    ("name", "language", "expected"),
    [
        ("Muḥammad", "arabic", {"محمد"}),
        ("Muḥammad", "english", {"Muhammad", "Mohammad", "Muhamad", "Mohamad"}),
        ("Ḥasan", "somali", {"Xasan"}),
        ("ʿĀʾishah", "arabic", {"عائشة"}),
        ("Yūsuf", "french", {"Yousouf", "Youssouf", "Yousof", "Youssof"}),
        ("ʿAbd_al-Raḥmān", "somali", {"Cabdiraxmaan"}),
        ("ʿAbd_Allāh", "arabic", {"عبد الله"}),
        ("Jāmiʿ", "somali", {"Jaamic"}),
    ],
)
def test_names_are_spelled_as_the_rules_say(name: str, language: str, expected: set[str]) -> None:
    rng = random.Random(3)
    assert {spelled(name, language, rng) for _ in range(60)} <= expected


def test_nearly_all_spellings_share_a_key_with_the_arabic_one() -> None:
    rng = random.Random(5)
    shared = []
    for name in (MALE + FEMALE).split():
        arabic = keys(spelled(name, "arabic", rng))
        shared += [bool(arabic & keys(spelled(name, one, rng))) for one in LANGUAGES for _ in range(5)]
    assert sum(shared) / len(shared) > 0.98


def keys(text: str) -> set[str]:
    return {key for unit in units(text) for key in keys_of(unit)}


def test_mistyping_changes_one_letter_or_none() -> None:
    rng = random.Random(2)
    assert {len(mistyped("Mohamed", rng)) for _ in range(50)} == {6, 7, 8}


def test_it_finds_people_on_both_databases(database_url: str, tmp_path: Path) -> None:
    result = measure(Namespace(people=60, searches=2, seed=1), tmp_path, database_url)
    assert result["database"] in database_url
    assert result["recall_at_10"] > 0.7
