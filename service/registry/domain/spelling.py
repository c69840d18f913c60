"""Names as they are compared: one spelling of what is written in several ways, and the units that a name consists of.

Sources of what is folded: Unicode NFKC (UAX 15); the forms of Arabic letters that writers exchange, as the UN's
romanisation from Arabic (Resolutions II/8 of 1972, XI/3 of 2017) states them; the article and the compounds of names
after ALA-LC Romanization Tables: Arabic (2012).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

ARABIC = re.compile(r"[\u0600-\u06ff]")
_ARABIC_FORMS = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        "ى": "ي",
        "ی": "ي",
        "ئ": "ي",
        "ؤ": "و",
        "ک": "ك",
        "گ": "ك",
        "پ": "ب",
        "چ": "ج",
        "ء": "",
        "ـ": "",
    }
)
_LATIN_FORMS = str.maketrans({"ç": "ss", "ı": "i", "ø": "o", "œ": "oe", "æ": "ae", "ð": "dh", "þ": "th", "ß": "ss"})
_MARKS_OF_LETTERS = re.compile(r"[ʿʾʼʻ'’‘`´]")  # ayn, hamza and the apostrophes typed for them
_HYPHENS = re.compile(r"[-\u2010-\u2015\u2212]")
_NO_LETTER = re.compile(r"[^\w\s-]|_")
_ARTICLE = re.compile(r"\b(?:al|el|ul|oul|ar|er|ur|our|as|es|us|ous|ad|ed|ud|oud|az|ez|an|en|at|et|ash|ach|ech)-(?=\w)")
_ALONE = frozenset({"al", "el", "ul", "oul", "ال"})
_DESCENT = frozenset(
    {"ben", "bin", "ibn", "bn", "ould", "wuld", "weld", "bint", "bent", "mint", "بن", "ابن", "بنت", "ولد"}
)
_JOINED = frozenset(
    {
        "abd",
        "abdi",
        "abdul",
        "abdoul",
        "abdel",
        "abdou",
        "cabdi",
        "abou",
        "abu",
        "abo",
        "aboo",
        "abuu",
        "oum",
        "umm",
        "um",
        "om",
        "omm",
        "oumm",
    }
    | {"عبد", "ابو", "ام"}
)
_FAITH = frozenset({"din", "dine", "deen", "dien", "eddin", "eddine", "uddin", "diin", "دين", "الدين"})


@lru_cache(maxsize=50_000)
def normalised(text: str) -> str:
    """One spelling: NFKC, no case, no marks on letters, the forms of Arabic letters, digits and spaces as one.

    Hyphens stay between words, for the article. Idempotent.
    """
    text = unicodedata.normalize("NFKC", text).casefold().translate(_LATIN_FORMS)
    text = _MARKS_OF_LETTERS.sub("", _HYPHENS.sub("-", text))
    bare = "".join(one for one in unicodedata.normalize("NFD", text.translate(_ARABIC_FORMS)) if not _is_mark(one))
    bare = unicodedata.normalize("NFC", bare).translate(_ARABIC_FORMS)
    digits = "".join(str(unicodedata.digit(one)) if one.isdigit() else one for one in bare)
    words = (one.strip("-") for one in _NO_LETTER.sub(" ", digits).split())
    return " ".join(one for one in words if one)


def _is_mark(one: str) -> bool:
    return unicodedata.category(one) in ("Mn", "Cf")


@lru_cache(maxsize=50_000)
def units(text: str) -> Sequence[tuple[str, ...]]:
    """What a name consists of, in order; of each unit the ways in which it may stand, most usual first.

    The article is left out, but a name such as إلهام (Ilham) begins as if with one: both are ways. `Abd al-Rahman`,
    `Abou Bakr`, `Nour Eddine` are one unit each. A word of descent (ben, ould, bint) is left out, but the unit may also
    be its compound: `Ben Ali` is `ali` or `benali`.
    """
    words = [one for part in _ARTICLE.sub("", normalised(text)).split() for one in part.split("-") if one]
    found: list[tuple[str, ...]] = []
    before = descent = ""
    for written in words:
        word = _without_article(written)
        if word in _ALONE:
            continue
        if word in _FAITH and found and not before:
            found[-1] = (found[-1][0] + word.removeprefix("ال"),)
        elif word in _DESCENT and not before:
            descent = word
        elif word in _JOINED and not before:
            before = word
        else:
            whole = before + word
            also = [descent + whole] if descent else [written] if word != written and not before else []
            found.append((whole, *also))
            before = descent = ""
    if before or descent:
        found.append((before or descent,))
    return tuple(found)


def _without_article(word: str) -> str:
    """Of an Arabic word, where at least two letters are left."""
    if word.startswith("ال") and len(word) > 3:
        return word[2:]
    if word.startswith("عبدال") and len(word) > 6:
        return "عبد" + word[5:]
    return word
