"""Spellings of names by written rules: from ALA-LC romanisation, which states each letter, to how registers spell them.

Not the search's own rules: nothing is shared with `service.registry.domain.sounds`. Each rule is of one spelling:
Arabic, ALA-LC Romanization Tables: Arabic (2012), read backwards, without vowel marks; English, ALA-LC without its
signs and with the usual ee, oo and o; French, the practice of the Maghreb and of Djibouti (BGN/PCGN, IGN: ch, dj, ou,
ss); Somali, the Latin spelling of 1972 (x, c, q, kh, dh; long vowels doubled; d for the emphatic t, s for z and th, n
for a final m). Where a rule allows several letters, each is drawn with the same probability.
"""

import random
import re
from collections.abc import Callable, Mapping

MALE = """
Muḥammad ʿAlī Aḥmad Ḥasan ʿUmar Ḥusayn Ibrāhīm Ismāʿīl Yūsuf ʿAbd_al-Raḥmān ʿAbd_Allāh ʿUthmān Mūsá ʿĪsá Ādam
Dāwūd Sulaymān Idrīs Maḥmūd Saʿīd Ṣāliḥ Jāmiʿ Ḥamzah Khālid Muṣṭafá ʿAbd_al-Qādir ʿAbd_al-ʿAzīz Yāsīn Rashīd
Jamāl Kamāl Ṭāhir Nāṣir Bilāl Zakarīyā Hārūn Ayyūb Bashīr Luqmān Ghālib Ḥabīb Munīr Samīr Walīd Karīm Fuʾād
Mālik Anwar Ḥamīd Farḥān Shukrī Ṭāriq Ziyād Riyāḍ Murād Nūḥ Yaḥyá Yaʿqūb Isḥāq Jibrīl ʿAbd_al-Karīm
ʿAbd_al-Laṭīf ʿAbd_al-Raḥīm ʿAbd_al-Salām Nūr_al-Dīn Badr_al-Dīn Abū_Bakr Muʾmin Sharīf Muṭahhar Ẓāhir Dhākir
Ghassān Jaʿfar Qāsim Ḥāmid Maḥfūẓ Ramaḍān Shaʿbān Rajab Ḥaydar ʿĀdil ʿĀrif ʿIṣām Ḥātim Hishām Wāʾil Naṣr Badr
Sālim Sulṭān Ṣābir Amīn Anas Yāsir Fahd Fayṣal Ḥarbī Ṭalāl Nabīl Rafīq
"""
FEMALE = """
Fāṭimah ʿĀʾishah Khadījah Maryam Amīnah Zaynab Ḥalīmah Zahrah Asmāʾ Hudá Suʿād Naʿīmah Ḥawwāʾ Sumayyah Raḥmah
Laylá Sārah Nūr Īmān Ḥabībah Ṣafīyah Kulthūm Ruqayyah Samīrah Nādiyah Jamīlah Fawzīyah Ikrām Ilhām Hanāʾ
Wardah Salmá Yāsmīn Najāt Malīkah Bahjah ʿAblah Nasrīn Umm_Kulthūm Ḥafṣah Saʿdīyah Karīmah Rashīdah Shukrīyah
Ṣabāḥ Shams Qamar Zuhūr Bushrá Dhahab ʿAzīzah Ḥamīdah Latīfah Ghāliyah Rāwiyah Thurayyā Hājar Āminah Fatḥīyah
Ibtisām Intiṣār Ḥikmah Nimah Ṣaḥrāʾ Ṭayyibah Ẓarīfah
"""
PATTERNS = (
    "{0}a{1}ī{2}",
    "{0}ā{1}i{2}",
    "{0}a{1}{1}ā{2}",
    "mu{0}a{1}{1}i{2}",
    "{0}u{1}ay{2}",
    "ma{0}{1}ū{2}",
    "a{0}{1}a{2}",
)
"""Of names of three root consonants, by which most Arabic names are formed."""
ROOTS = (
    "b",
    "t",
    "j",
    "ḥ",
    "kh",
    "d",
    "r",
    "z",
    "s",
    "sh",
    "ṣ",
    "ḍ",
    "ṭ",
    "ʿ",
    "gh",
    "f",
    "q",
    "k",
    "l",
    "m",
    "n",
    "h",
)
_DIGRAPHS = "kh|gh|sh|th|dh"
_LETTER = re.compile(rf"{_DIGRAPHS}|ay(?![aāiīuū])|aw(?![aāiīuū])|ah$|.", re.DOTALL)
_SUN = re.compile(r"^(sh|th|dh|[tdrzsṣḍṭẓln])")

Rules = Mapping[str, str]
"""Letters of ALA-LC, each with what a spelling has for it; with a | between choices."""

ARABIC: Rules = {
    **dict(zip("btjḥdrzsṣḍṭẓʿfqklmnhwy", "بتجحدرزسصضطظعفقكلمنهوي", strict=True)),
    "kh": "خ",
    "gh": "غ",
    "sh": "ش",
    "th": "ث",
    "dh": "ذ",
    "ah": "ة",
    "ay": "ي",
    "aw": "و",
    "ā": "ا",
    "ī": "ي",
    "ū": "و",
    "á": "ى",
    "a": "",
    "i": "",
    "u": "",
    "ʾ": "ئ",
}
_SIGNS = {**dict(zip("ḥṣḍṭẓ", "hsdtz", strict=True)), "ʿ": "", "ʾ": "", "á": "a", "ā": "a"}
ENGLISH: Rules = _SIGNS | {
    "ī": "i|ee",
    "ū": "u|oo",
    "u": "u|o",
    "i": "i|e",
    "ay": "ay|ai",
    "aw": "aw|au",
    "ah": "a|ah",
    "q": "q|k",
    "dh": "dh|z",
}
FRENCH: Rules = _SIGNS | {
    "sh": "ch",
    "j": "dj|j",
    "ū": "ou",
    "u": "ou|o",
    "w": "ou|w",
    "ī": "i",
    "i": "i|e",
    "ay": "ai|ei",
    "aw": "aou|ao",
    "ah": "a",
    "q": "k|q",
    "th": "th|t",
    "dh": "d|dh",
    "ẓ": "z|d",
    "a": "a|a|e",
}
SOMALI: Rules = {
    "ḥ": "x",
    "ʿ": "c",
    "ʾ": "",
    "ṣ": "s",
    "ḍ": "d",
    "ṭ": "d",
    "ẓ": "d",
    "z": "s",
    "th": "s",
    "dh": "d",
    "gh": "q",
    "ā": "aa",
    "ī": "ii",
    "ū": "uu",
    "á": "a",
    "ay": "ay|ey",
    "aw": "aw|ow",
    "ah": "a|o",
}
_SOMALI_DOUBLES = "bdglmnr"
LANGUAGES = ("arabic", "english", "french", "somali")


def spelled(name: str, language: str, rng: random.Random) -> str:
    """A name of ALA-LC, whose parts are joined by _, in one of the spellings of a language."""
    parts = name.split("_")
    if language == "arabic":
        return _arabic(parts)
    latin = {"english": _english, "french": _french, "somali": _somali}[language]
    return latin(parts, rng).title()


def mistyped(text: str, rng: random.Random) -> str:
    """With one letter left out, doubled, put in place of its neighbour, or another one."""
    place = rng.randrange(1, len(text) - 1)
    one, two = text[place], text[place + 1]
    letters = "abcdefghijklmnopqrstuvwxyz" if text.isascii() else "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
    change = rng.choice(("", one + one, two + one, rng.choice(letters)))
    return text[:place] + change + text[place + (2 if change == two + one else 1) :]


def _letters(text: str, rules: Rules, rng: random.Random) -> str:
    found = _LETTER.findall(text.lower())
    choices = [rules.get(one, one).split("|") for one in found]
    if found[0] == "a" or found[:2] == ["ʿ", "a"]:  # a first a stays
        choices = [[one for one in some if one != "e"] for some in choices[:2]] + choices[2:]
    return "".join(map(rng.choice, choices))


def _halves(part: str) -> tuple[bool, str]:
    return (True, part.removeprefix("al-")) if part.startswith("al-") else (False, part)


def _arabic(parts: list[str]) -> str:
    rng = random.Random(0)  # the Arabic rules leave no choice
    words = []
    for part in parts:
        if part == "Allāh":
            words.append("الله")
            continue
        article, bare = _halves(part.lower())
        bare = re.sub(rf"({_DIGRAPHS}|[^aeiouāīūʾ])\1", r"\1", bare)
        bare = re.sub(r"āʾ$", "اء", bare.replace("uʾ", "ؤ"))
        bare = re.sub("^ā", "آ", bare)
        bare = re.sub(r"^(?:ī|i)", lambda found: "إي" if found.group() == "ī" else "إ", re.sub(r"^[au]", "أ", bare))
        words.append(("ال" if article else "") + _letters(bare, ARABIC, rng))
    return " ".join(words)


def _english(parts: list[str], rng: random.Random) -> str:
    doubled = rng.random() < 0.5
    join = rng.choice(("{0}ul {1}", "{0} al-{1}", "{0}ul{1}"))
    return _compound(parts, lambda text: _simple(_letters(text, ENGLISH, rng), doubled), join, rng)


def _french(parts: list[str], rng: random.Random) -> str:
    doubled = rng.random() < 0.5

    def written(text: str) -> str:
        plain = re.sub(r"(?<=[aāiīuū])[sṣ](?=[aāiīuū])", "ss", text.lower())
        return _simple(_letters(plain, FRENCH, rng), doubled, kept="s")

    return _compound(parts, written, rng.choice(("{0}el{1}", "{0}oul {1}", "{0}oul{1}")), rng, assimilated=True)


def _somali(parts: list[str], rng: random.Random) -> str:
    def written(text: str) -> str:
        letters = _letters(text, SOMALI, rng)
        letters = re.sub(rf"([^aeiou{_SOMALI_DOUBLES}])\1", r"\1", letters)
        return re.sub("m+$", "n", letters)

    return _compound(parts, written, "{0}i{1}", rng)


def _compound(
    parts: list[str], written: Callable[[str], str], join: str, rng: random.Random, *, assimilated: bool = False
) -> str:
    """join: how the servant's name stands before the article. assimilated: French writes r for l before r."""
    if len(parts) == 1:
        return written(parts[0])
    first, (article, second) = written(parts[0]), _halves(parts[1])
    if second == "Allāh":
        return first + re.sub("^a", rng.choice(("a", "u", "i")), written(second))
    if not article:
        return f"{first} {written(second)}"
    text = written(second)
    if parts[0].startswith("ʿAbd"):
        sun = _SUN.match(second.lower())
        if assimilated and sun and rng.random() < 0.5:
            return f"{first}e{text[0]}{text}"
        return join.format(first, text)
    return rng.choice((f"{first}ed{text}", f"{first} ed{text}")) if assimilated else f"{first} al-{text}"


def _simple(text: str, doubled: bool, kept: str = "") -> str:
    """Doubled consonants once, or as they are; those of `kept` always."""
    return text if doubled else re.sub(r"([^aeo" + kept + r"])\1", r"\1", text)
