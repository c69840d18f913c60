"""What a person's record states, as it is compared."""

from service.deduplication.domain.spelling import words
from service.deduplication.domain.stated import Named, Spellings, Stated, birth_of, named
from service.registry.domain.people import Demographics, NameKind, Sex


def stated_of(who: Demographics) -> Stated:
    """Names of a kind count before the parts of a whole name. Without area and documents."""
    kinds = {kind: [name.full for name in who.names if name.kind is kind] for kind in NameKind}
    parts: Named = named(kinds[NameKind.FULL], kinds[NameKind.FATHER], kinds[NameKind.MOTHER])
    given = _word(kinds[NameKind.GIVEN], 0)
    family = _word(kinds[NameKind.FAMILY], -1)
    return Stated(
        given=given or parts["given"],
        father=parts["father"],
        family=family or parts["family"],
        mother=parts["mother"],
        sex=who.sex.value if who.sex in (Sex.FEMALE, Sex.MALE) else None,
        birth=birth_of(who.birth_date, who.birth_year, estimated=who.birth_estimated),
    )


def _word(names: list[str], place: int) -> Spellings:
    return tuple(dict.fromkeys(found[place] for text in names if (found := words(text))))
