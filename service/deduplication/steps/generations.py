"""Which of a person's captures are searched, where some were added later."""

from collections.abc import Sequence

from matcher import Template, template_from_bytes
from service.deduplication.domain.search import Generations
from service.enrolment.ports import TemplateRecord


def searched_of(records: Sequence[TemplateRecord], which: Generations) -> list[Template]:
    """A person's templates to search and compare with."""
    if which is Generations.NEWEST:
        newest = {one.position: one for one in sorted(records, key=lambda one: one.capture_key)}
        records = [one for one in records if newest[one.position] is one]
    return [template_from_bytes(one.content) for one in records]
