"""Text as clients may write it; see `service.kit.text`."""

from typing import Annotated

from pydantic import AfterValidator, Field

from service.kit.text import LONGEST_LINE, one_line, with_a_letter, writable

Writable = Annotated[str, AfterValidator(writable)]
Line = Annotated[Writable, AfterValidator(one_line), Field(min_length=1, max_length=LONGEST_LINE)]
FullName = Annotated[Line, AfterValidator(with_a_letter)]
