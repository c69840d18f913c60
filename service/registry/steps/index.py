"""Filling the index by which people are found."""

from collections.abc import Collection, Iterable, Mapping

from service.registry.domain.documents import normalised
from service.registry.domain.fact_values import Document, Phone
from service.registry.domain.facts import Fact, FactKind
from service.registry.domain.people import Demographics
from service.registry.domain.search import TokenKind, texts_of
from service.registry.ports import RegistryUnit

REACHED_BY = frozenset({FactKind.DOCUMENT, FactKind.PHONE})
"""Kinds of facts that people are found by."""


def index_people(uow: RegistryUnit, people: Mapping[int, Demographics]) -> None:
    """Have people be found by the names and the birth that their records state now; by key."""
    index_texts(uow, {key: texts_of(who) for key, who in people.items()}, TokenKind.NAME)


def index_facts(uow: RegistryUnit, people: Collection[int], facts: Iterable[Fact]) -> None:
    """Have people be found by the documents and phones that stand. people: keys of all whose facts these are."""
    documents: dict[int, set[str]] = {key: set() for key in people}
    phones: dict[int, set[str]] = {key: set() for key in people}
    for one in facts:
        if one.person_key is None:
            continue
        match one.value:
            case Document():
                documents[one.person_key].add(normalised(one.value.number))
            case Phone():
                phones[one.person_key].add(one.value.number)
    index_texts(uow, documents, TokenKind.DOCUMENT)
    index_texts(uow, phones, TokenKind.PHONE)


def index_texts(uow: RegistryUnit, texts: Mapping[int, Collection[str]], kind: TokenKind) -> None:
    """Have these texts, and no others of this kind, stand for people; by key."""
    flat = list({one for some in texts.values() for one in some})
    tokens = dict(zip(flat, uow.blind.tokens(kind, flat), strict=True))
    uow.index.replace(kind, {key: [tokens[one] for one in some] for key, some in texts.items()})
