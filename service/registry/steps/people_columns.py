"""The columns of a table of people, and the words of their values, in the three languages of a clerk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.registry.domain.households import Role
from service.registry.domain.people import NameKind, NoName, Sex


class Language(StrEnum):
    FRENCH = "fr"
    ARABIC = "ar"
    ENGLISH = "en"


Words = tuple[str, str, str]
"""In the order of Language."""


@dataclass(frozen=True, slots=True)
class ColumnOf:
    """code: in the first row. label: in the rows below. about: what is written there. choices: by code; empty: free."""

    code: str
    label: Words
    about: Words
    choices: Mapping[str, Words]


ROLES: Mapping[str, Words] = {
    Role.HEAD: ("chef de ménage", "رب الأسرة", "head"),
    Role.SPOUSE: ("conjoint", "زوج أو زوجة", "spouse"),
    Role.CHILD: ("enfant", "ابن أو ابنة", "child"),
    Role.PARENT: ("parent", "أب أو أم", "parent"),
    Role.SIBLING: ("frère ou sœur", "أخ أو أخت", "sibling"),
    Role.GRANDCHILD: ("petit-enfant", "حفيد", "grandchild"),
    Role.OTHER_RELATIVE: ("autre parenté", "قريب آخر", "other relative"),
    Role.NOT_RELATED: ("sans lien de parenté", "بدون قرابة", "not related"),
}
SEXES: Mapping[str, Words] = {
    Sex.FEMALE: ("féminin", "أنثى", "female"),
    Sex.MALE: ("masculin", "ذكر", "male"),
    Sex.OTHER: ("autre", "آخر", "other"),
    Sex.UNKNOWN: ("inconnu", "غير معروف", "unknown"),
}
NO_NAMES: Mapping[str, Words] = {
    NoName.NEWBORN: ("nouveau-né", "مولود جديد", "newborn"),
    NoName.FOUND_CHILD: ("enfant trouvé", "طفل معثور عليه", "found child"),
    NoName.CANNOT_STATE: ("ne peut pas le dire", "لا يستطيع ذكره", "cannot state it"),
    NoName.REFUSES: ("refuse", "يرفض", "refuses"),
    NoName.OTHER: ("autre", "سبب آخر", "other"),
}
YES_NO: Mapping[str, Words] = {"yes": ("oui", "نعم", "yes"), "no": ("non", "لا", "no")}
SCRIPTS = {"latin": "Latn", "arabic": "Arab"}
NAMES = {f"{kind}_{word}": (kind, script) for kind in NameKind for word, script in SCRIPTS.items()}
"""Kind and script of the columns of names."""
_DAY = ("AAAA-MM-JJ ou JJ/MM/AAAA", "سنة-شهر-يوم", "YYYY-MM-DD or DD/MM/YYYY")
_FREE: Mapping[str, Words] = {}


def _names() -> Sequence[ColumnOf]:
    kinds: Mapping[NameKind, Words] = {
        NameKind.FULL: ("nom complet", "الاسم الكامل", "full name"),
        NameKind.GIVEN: ("prénom", "الاسم الشخصي", "given name"),
        NameKind.FAMILY: ("nom de famille", "الاسم العائلي", "family name"),
        NameKind.FATHER: ("nom du père", "اسم الأب", "father's name"),
        NameKind.MOTHER: ("nom de la mère", "اسم الأم", "mother's name"),
    }
    scripts = {"latin": ("latin", "لاتيني", "Latin"), "arabic": ("arabe", "عربي", "Arabic")}
    about = ("tel que la personne l'écrit", "كما يكتبه الشخص", "as the person writes it")
    found = []
    for code, (kind, _) in NAMES.items():
        french, arabic, english = (
            f"{name} ({script})"
            for name, script in zip(kinds[kind], scripts[code.removeprefix(f"{kind}_")], strict=True)
        )
        found.append(ColumnOf(code, (french, arabic, english), about, _FREE))
    return found


COLUMNS: Sequence[ColumnOf] = (
    ColumnOf(
        "person",
        ("clé de la personne", "معرّف الشخص", "person key"),
        (
            "la clé dans votre système; obligatoire, une seule fois",
            "المعرّف في نظامكم؛ إلزامي وغير مكرر",
            "the key in your own system; needed, once per person",
        ),
        _FREE,
    ),
    ColumnOf(
        "household",
        ("clé du ménage", "معرّف الأسرة", "household key"),
        (
            "la même pour tous les membres, ou un identifiant M…; vide: sans ménage",
            "نفسه لكل الأعضاء، أو رقم أسرة M…؛ فارغ: بدون أسرة",
            "the same for all members, or a household ID M…; empty: of no household",
        ),
        _FREE,
    ),
    ColumnOf(
        "role",
        ("rôle dans le ménage", "الصفة في الأسرة", "role in the household"),
        ("obligatoire avec un ménage", "إلزامي مع الأسرة", "needed with a household"),
        ROLES,
    ),
    *_names(),
    ColumnOf(
        "no_name",
        ("raison sans nom", "سبب عدم وجود اسم", "why without a name"),
        ("seulement sans aucun nom", "فقط بدون اسم", "only where there is no name"),
        NO_NAMES,
    ),
    ColumnOf("sex", ("sexe", "الجنس", "sex"), ("vide: inconnu", "فارغ: غير معروف", "empty: unknown"), SEXES),
    ColumnOf("birth_date", ("date de naissance", "تاريخ الميلاد", "birth date"), _DAY, _FREE),
    ColumnOf(
        "birth_year",
        ("année de naissance", "سنة الميلاد", "birth year"),
        ("sans date connue", "إذا كان التاريخ غير معروف", "where the date is not known"),
        _FREE,
    ),
    ColumnOf(
        "birth_estimated",
        ("naissance estimée", "ميلاد مقدّر", "birth estimated"),
        ("oui: la date ou l'année est une estimation", "نعم: تقدير", "yes: the date or the year is a guess"),
        YES_NO,
    ),
    ColumnOf(
        "since",
        ("dans le ménage depuis", "في الأسرة منذ", "in the household since"),
        (f"{_DAY[0]}; vide: aujourd'hui", f"{_DAY[1]}؛ فارغ: اليوم", f"{_DAY[2]}; empty: today"),
        _FREE,
    ),
)
BY_CODE = {one.code: one for one in COLUMNS}
