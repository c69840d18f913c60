"""Names that are spelled in several ways sound the same, and others do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.registry.domain.sounds import MOST_FORMS, sounds
from service.registry.domain.spelling import normalised, units

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآ ", max_size=20)
SAME = [
    "محمد Mohamed Muhammad Mohammed Maxamed Mouhammad Mohamad Macammad",
    "حسن Hassan Hasan Xasan",
    "عائشة Aïcha Aicha Caasha Aisha ʿĀʾishah",
    "عثمان Osman Othman Ousmane Cusmaan ʿUthmān",
    "عمر Omar Oumar Cumar Umar Qumar",
    "فاطمة Fatima Fatouma Faadumo Fatimah Fatma",
    "خديجة Khadija Khadidja Khadiija Khadījah",
    "يوسف Youssouf Yusuf Yuusuf Yousef",
    "مريم Mariam Maryam Maryan Meriem",
    "جامع Djama Jama Jaamac",
    "سعيد Said Saïd Siciid Sa'id",
    "علي Ali Cali Qali",
    "صالح Saleh Salah Saalax",
    "آدم Aden Aadan Adam",
    "حسين Houssein Hussein Xuseen Hocine",
    "داود Daoud Dawud Daauud",
    "عيسى Issa Isa Ciise",
    "يحيى Yahya Yaxye Yehia",
    "غني Ghani Qani",
]
SAME_UNITS = [
    "عبد الرحمن|عبدالرحمن|Abderrahmane|Abd al-Rahman|Abdurrahman|Cabdiraxmaan|Abdoul Rahman|ʿAbd ar-Raḥmān|ABDULRAHMAN",
    "عبد العزيز|Abdelaziz|Abdulaziz|Cabdicasiis|Abd al-Aziz",
    "عبد الله|عبدالله|Abdallah|Abdullah|Abdillahi|Cabdillaahi",
    "عبد القادر|Abdelkader|Abdiqadir|Cabdiqaadir|Abdoulkader",
    "نور الدين|Noureddine|Nour Eddine|Nur al-Din|Nuruddin",
    "أبو بكر|Aboubaker|Abu Bakr|Abuubakar|Abou Baker",
    "أم كلثوم|Oum Kalthoum|Umm Kulthum|Oumkaltoum",
    "الحسن|al-Hassan|El Hassan|El-Hassan",
]


def heard(text: str) -> set[str]:
    (unit,) = units(text)
    return {one for way in unit for one in sounds(way)}


@pytest.mark.parametrize("spellings", SAME)
def test_spellings_of_one_name_share_a_sound_with_the_arabic(spellings: str) -> None:
    arabic, *others = map(heard, spellings.split())
    assert [one for one in others if not one & arabic] == []


@pytest.mark.parametrize("spellings", SAME_UNITS)
def test_compounds_are_one_unit_and_the_article_is_left_out(spellings: str) -> None:
    first, *others = map(heard, spellings.split("|"))
    assert [one for one in others if not one & first] == []


def test_different_names_share_none() -> None:
    some = [set(sounds(one)) for one in ("mohamed", "ali", "hassan", "fatouma", "omar", "youssouf", "djama", "kadra")]
    assert sum(map(len, some)) == len(set.union(*some))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mohamed ben Ali", (("mohamed",), ("ali", "benali"))),
        ("Ben Ali", (("ali", "benali"),)),
        ("Ahmed Ould Daddah", (("ahmed",), ("daddah", "oulddaddah"))),
        ("محمد بن علي", (("محمد",), ("علي", "بنعلي"))),
        ("Aïcha-Rachida", (("aicha",), ("rachida",))),
        ("Abd", (("abd",),)),
        ("", ()),
        ("-", ()),
    ],
)
def test_units(text: str, expected: tuple[tuple[str, ...], ...]) -> None:
    assert units(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  AÏCHA  Saïd ", "aicha said"),
        ("مُحَمَّد", "محمد"),
        ("محـــمد", "محمد"),
        ("أحمد إبراهيم آدم", "احمد ابراهيم ادم"),
        ("مصطفى", "مصطفي"),
        ("Jean-Pierre", "jean-pierre"),
        ("Ḥasan ʿUmar", "hasan umar"),
        ("علي ٢", "علي 2"),
        ("ﻣﺤﻤﺪ", "محمد"),
    ],
)
def test_normalised(text: str, expected: str) -> None:
    assert normalised(text) == expected


@given(TEXTS)
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once


@given(TEXTS)
def test_any_text_has_units_of_few_sounds(text: str) -> None:
    for unit in units(text):
        for way in unit:
            forms = sounds(way)
            assert way
            assert len(forms) == len(set(forms)) <= MOST_FORMS
            assert all(forms)
