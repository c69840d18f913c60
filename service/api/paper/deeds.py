"""What was done with a person's data, in French and Arabic; in English it is `service.audit.domain.actions.WORDS`."""

from collections.abc import Mapping

DEEDS: Mapping[str, tuple[str, str]] = {
    "enrolment.receive": ("a reçu votre enrôlement avec ses captures", "استلم تسجيلكم مع لقطاته"),
    "captures.receive": ("a reçu d'autres captures à ajouter à votre dossier", "استلم لقطات أخرى لإضافتها إلى ملفكم"),
    "enrolment.conclude": (
        "a comparé vos captures à celles de toutes les personnes enrôlées et noté le résultat",
        "قارن لقطاتكم بلقطات جميع المسجلين وسجّل النتيجة",
    ),
    "enrolment.read": ("a lu ce qu'est devenu votre enrôlement", "اطّلع على مآل تسجيلكم"),
    "enrolment.list": ("a vu votre enrôlement dans une liste, sans votre nom", "رأى تسجيلكم في قائمة دون اسمكم"),
    "enrolment.retry": ("a fait traiter de nouveau votre enrôlement", "أعاد معالجة تسجيلكم"),
    "template.extract": (
        "a recalculé à partir de votre capture les données qui servent à comparer",
        "أعاد حساب بيانات المقارنة من لقطتكم",
    ),
    "person.read": (
        "a lu votre dossier : numéro, noms, sexe, naissance, ménage",
        "قرأ ملفكم: الرقم والأسماء والجنس والميلاد والأسرة",
    ),
    "person.search": (
        "a cherché des personnes par nom, numéro, pièce ou téléphone et a vu votre dossier",
        "بحث عن أشخاص بالاسم أو الرقم أو الوثيقة أو الهاتف ورأى ملفكم",
    ),
    "registry.reindex": (
        "a refait ce par quoi on trouve votre dossier : sons des noms, pièces, téléphones",
        "جدّد ما يُعثر به على ملفكم: أصوات الأسماء والوثائق والهواتف",
    ),
    "person.identify": (
        "a cherché avec les captures de quelqu'un et a vu votre numéro parmi ceux qui lui ressemblent",
        "بحث بلقطات شخص ما ورأى رقمكم بين من يشبهونه",
    ),
    "person.verify": ("a comparé les captures de quelqu'un aux vôtres", "قارن لقطات شخص ما بلقطاتكم"),
    "person.check": (
        "a comparé ce que déclare quelqu'un à votre dossier et a vu votre numéro : vous vous ressemblez",
        "قارن ما صرّح به شخص ما بملفكم ورأى رقمكم: بينكما شبه",
    ),
    "person.accesses": (
        "a lu cette liste de ceux qui ont utilisé vos données",
        "قرأ هذه القائمة لمن استعملوا بياناتكم",
    ),
    "person.erase": ("a effacé tout ce qui vous concerne, sauf votre numéro", "محا كل ما يخصكم ما عدا رقمكم"),
    "person.export": ("a mis par écrit tout ce qui est connu de vous", "دوّن كل ما يُعرف عنكم"),
    "people.import": ("a repris votre dossier d'un autre système", "نقل ملفكم من نظام آخر"),
    "people.export": (
        "a écrit un fichier de personnes où figure votre dossier",
        "كتب ملفا لأشخاص يرد فيه سجلّكم",
    ),
    "erasure.preview": ("a regardé ce que votre effacement détruirait", "نظر فيما سيُتلفه محو بياناتكم"),
    "erasure.read": ("a lu le certificat de votre effacement", "قرأ شهادة محو بياناتكم"),
    "data.purge": (
        "a détruit des images ou un enrôlement de vous dont la durée était passée",
        "أتلف صورا أو تسجيلا لكم انقضت مدته",
    ),
    "household.read": (
        "a lu un ménage où figurent votre nom et votre rôle",
        "قرأ بيانات أسرة يرد فيها اسمكم وصفتكم",
    ),
    "household.timeline": ("a lu l'histoire d'un ménage où figure votre nom", "قرأ تاريخ أسرة يرد فيها اسمكم"),
    "person.timeline": ("a lu l'histoire de votre dossier", "قرأ تاريخ ملفكم"),
    "consent.record": (
        "a noté que vous avez donné ou retiré votre consentement, ou pour un enfant",
        "سجّل أنكم منحتم الموافقة أو سحبتموها، أو عن طفل",
    ),
    "consent.read": ("a lu ce à quoi vous avez consenti", "قرأ ما وافقتم عليه"),
    "consent.check": ("a demandé si vous consentez à un usage", "سأل هل توافقون على غرض ما"),
    "facts.read": (
        "a lu ce qui est noté de vous ou de votre ménage : pièces, téléphones, adresses, handicap et autres",
        "قرأ ما سُجّل عنكم أو عن أسرتكم: وثائق وهواتف وعناوين وإعاقة وغيرها",
    ),
    "change.make": (
        "a changé votre dossier, votre ménage ou votre place dans celui-ci",
        "غيّر ملفكم أو أسرتكم أو مكانكم فيها",
    ),
    "change.undo": (
        "a annulé un changement de votre dossier, de votre ménage ou de votre place",
        "ألغى تغييرا في ملفكم أو أسرتكم أو مكانكم فيها",
    ),
    "change.preview": (
        "a regardé ce qu'un changement ferait de votre dossier ou de votre ménage",
        "نظر فيما سيُحدثه تغيير في ملفكم أو أسرتكم",
    ),
    "change.read": (
        "a lu un changement de votre dossier, de votre ménage ou de votre place",
        "قرأ تغييرا في ملفكم أو أسرتكم أو مكانكم فيها",
    ),
    "card.issue": ("a fait une carte de ménage à votre nom", "أصدر بطاقة أسرة باسمكم"),
    "card.read": ("a lu une liste de cartes dont une porte votre nom", "قرأ قائمة بطاقات إحداها باسمكم"),
    "card.print": ("a imprimé une carte de ménage à votre nom", "طبع بطاقة أسرة باسمكم"),
    "card.revoke": ("a annulé une carte de ménage à votre nom", "ألغى بطاقة أسرة باسمكم"),
    "card.verify": ("a vérifié une carte de ménage à votre nom", "تحقق من بطاقة أسرة باسمكم"),
    "case.read": (
        "a lu un cas qui montre votre dossier à côté de ceux de personnes qui vous ressemblent",
        "قرأ حالة تعرض ملفكم بجانب ملفات أشخاص يشبهونكم",
    ),
    "case.list": ("a lu une liste de cas dont un montre votre dossier", "قرأ قائمة حالات إحداها تعرض ملفكم"),
    "case.decide": ("a décidé d'un cas qui vous concerne", "بتّ في حالة تخصكم"),
    "walk.step": (
        "vous a comparé à toutes les personnes enrôlées et noté que quelqu'un vous ressemble",
        "قارنكم بجميع المسجلين وسجّل أن شخصا يشبهكم",
    ),
    "pairs.export": (
        "a écrit un fichier de personnes qui se ressemblent, avec votre numéro",
        "كتب ملفا لأشخاص متشابهين يرد فيه رقمكم",
    ),
    "audit.export": ("a écrit un fichier de ceux qui ont utilisé vos données", "كتب ملفا بمن استعملوا بياناتكم"),
    "patterns.search": (
        "a cherché des motifs dans de nombreux enrôlements, dont un vous concerne",
        "بحث عن أنماط في تسجيلات كثيرة أحدها يخصكم",
    ),
    "finding.list": ("a lu une liste de constats, dont un vous concerne", "قرأ قائمة ملاحظات إحداها تخصكم"),
    "finding.close": ("a clos un constat qui vous concerne", "أغلق ملاحظة تخصكم"),
    "birth.read": (
        "a noté en quels mois vous atteignez un âge auquel quelque chose est à faire",
        "سجّل الأشهر التي تبلغون فيها سنا يُطلب عندها إجراء",
    ),
    "task.open": (
        "a ouvert une tâche qui vous concerne, un jour connu d'avance",
        "فتح مهمة تخصكم في يوم معروف مسبقا",
    ),
    "task.list": ("a lu une liste de tâches, dont une vous concerne", "قرأ قائمة مهام إحداها تخصكم"),
    "task.read": ("a lu une tâche qui vous concerne", "قرأ مهمة تخصكم"),
    "task.assign": ("a confié à quelqu'un une tâche qui vous concerne", "أسند إلى شخص مهمة تخصكم"),
    "task.close": ("a clos une tâche qui vous concerne", "أغلق مهمة تخصكم"),
}
"""By action: French, Arabic."""
