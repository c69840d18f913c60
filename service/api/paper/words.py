"""The words on papers, in each language; a test holds them complete."""

from collections.abc import Mapping
from datetime import date

from service.api.paper.language import Language

FR, AR, EN = Language.FRENCH, Language.ARABIC, Language.ENGLISH
Words = Mapping[Language, str]
WORDS: Mapping[str, Words] = {
    "registry": {FR: "Registre Social", AR: "السجل الاجتماعي", EN: "Social Registry"},
    "card": {FR: "Carte du ménage", AR: "بطاقة الأسرة", EN: "Household card"},
    "household_id": {FR: "Identifiant du ménage", AR: "معرّف الأسرة", EN: "Household ID"},
    "head": {FR: "Chef de ménage", AR: "رب/ربة الأسرة", EN: "Head of household"},
    "issued": {FR: "Délivrée le", AR: "تاريخ الإصدار", EN: "Issued on"},
    "serial": {FR: "Carte n°", AR: "رقم البطاقة", EN: "Card no."},
    "card_keep": {
        FR: "Gardez cette carte et montrez-la au guichet social.",
        AR: "احتفظوا بهذه البطاقة وأظهروها في الشباك الاجتماعي.",
        EN: "Keep this card and show it at the social counter.",
    },
    "card_lost": {
        FR: "Carte perdue ou volée : dites-le à n'importe quel guichet. Une nouvelle carte annule celle-ci.",
        AR: "إذا ضاعت البطاقة أو سُرقت فأخبروا أي شباك. البطاقة الجديدة تُلغي هذه البطاقة.",
        EN: "If it is lost or stolen, tell any counter. A new card makes this one useless.",
    },
    "card_no_identity": {
        FR: "Elle n'est pas une pièce d'identité. L'identifiant n'est pas un secret et reste le même.",
        AR: "ليست بطاقة هوية. المعرّف ليس سرا ويبقى كما هو.",
        EN: "It is no proof of identity. The ID is no secret and stays the same.",
    },
    "card_found": {
        FR: "Si vous trouvez cette carte, remettez-la au guichet social le plus proche.",
        AR: "من وجد هذه البطاقة فليسلّمها إلى أقرب شباك اجتماعي.",
        EN: "If you find this card, please hand it in at the nearest social counter.",
    },
    "cut": {
        FR: "Découpez le long du trait, pliez au milieu et collez.",
        AR: "قصّوا على طول الخط، ثم اطووا من الوسط وألصقوا.",
        EN: "Cut along the line, fold in the middle and glue.",
    },
    "accesses": {
        FR: "Qui a utilisé vos données",
        AR: "من استعمل بياناتكم",
        EN: "Who used your data",
    },
    "when": {FR: "Quand (UTC)", AR: "متى (UTC)", EN: "When (UTC)"},
    "who": {FR: "Qui", AR: "من", EN: "Who"},
    "what": {FR: "Quoi", AR: "ماذا", EN: "What"},
    "receipt": {FR: "Récépissé d'enrôlement", AR: "وصل التسجيل", EN: "Enrolment receipt"},
    "receipt_number": {FR: "Numéro d'enrôlement", AR: "رقم التسجيل", EN: "Enrolment number"},
    "person_number": {FR: "Numéro personnel", AR: "الرقم الشخصي", EN: "Person number"},
    "site": {FR: "Guichet", AR: "الشباك", EN: "Counter"},
    "received": {FR: "Reçu le", AR: "تاريخ الاستلام", EN: "Received on"},
    "state": {FR: "État", AR: "الحالة", EN: "State"},
    "state_received": {
        FR: "Reçu, en cours de traitement. Le numéro personnel vous sera donné ensuite.",
        AR: "تم الاستلام والمعالجة جارية. سيُعطى لكم الرقم الشخصي بعد ذلك.",
        EN: "Received and being processed. The person number is given afterwards.",
    },
    "state_enrolled": {
        FR: "Enrôlé. Gardez ce numéro : il est le vôtre pour toujours.",
        AR: "تم التسجيل. احتفظوا بهذا الرقم فهو لكم دائما.",
        EN: "Enrolled. Keep this number: it is yours for good.",
    },
    "state_in_review": {
        FR: "Un agent vérifie votre dossier. Vous n'avez rien à faire ; demandez le résultat avec ce récépissé.",
        AR: "يتحقق موظف من ملفكم. لا يلزمكم أي إجراء؛ اسألوا عن النتيجة بهذا الوصل.",
        EN: "An operator is checking your record. There is nothing to do; ask for the outcome with this receipt.",
    },
    "state_unusable": {
        FR: "Les captures ne suffisent pas. Revenez au guichet avec ce récépissé pour les reprendre.",
        AR: "اللقطات غير كافية. عودوا إلى الشباك بهذا الوصل لإعادتها.",
        EN: "The captures do not suffice. Come back to the counter with this receipt to take them again.",
    },
    "receipt_ask": {
        FR: "Questions, corrections ou retrait : à tout guichet social, avec ce récépissé.",
        AR: "للأسئلة أو التصحيح أو الانسحاب: في أي شباك اجتماعي مع هذا الوصل.",
        EN: "Questions, corrections or withdrawal: at any social counter, with this receipt.",
    },
    "receipt_rights": {
        FR: "Vous pouvez demander qui a lu vos données, les faire corriger ou effacer.",
        AR: "يحق لكم أن تسألوا من قرأ بياناتكم وأن تطلبوا تصحيحها أو محوها.",
        EN: "You may ask who read your data, and have it corrected or erased.",
    },
}
_MONTHS: Mapping[Language, str] = {
    FR: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    AR: "يناير فبراير مارس أبريل ماي يونيو يوليوز غشت شتنبر أكتوبر نونبر دجنبر",
    EN: "January February March April May June July August September October November December",
}
"""The Arabic ones as the Maghreb says them."""


def word(name: str, language: Language) -> str:
    return WORDS[name][language]


def day(one: date, language: Language) -> str:
    return f"{one.day} {_MONTHS[language].split()[one.month - 1]} {one.year}"


def grouped(text: str, by: int = 4) -> str:
    """An ID as it is read out: in groups, from the left."""
    return " ".join(text[start : start + by] for start in range(0, len(text), by))
