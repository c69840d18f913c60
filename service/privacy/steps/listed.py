"""The orders to erase that one place outside the database lists."""

from collections.abc import Mapping
from uuid import UUID

import structlog

from service.privacy.domain.certificates import Listed, listed_in, signed_in
from service.privacy.ports import ErasureList

logger = structlog.get_logger(__name__)


def orders_in(place: ErasureList, public_key: str | None) -> Mapping[UUID, tuple[str, Listed]] | None:
    """Each order with its line, by the erasure's ID; None where the place cannot be read.

    Only what this registry's key signed counts. public_key: raw, in hex; None where there is none yet.
    """
    try:
        lines = place.lines()
    except (OSError, ValueError) as error:
        logger.error("erasure.list_unreadable", place=place.name, reason=type(error).__name__)
        return None
    found: dict[UUID, tuple[str, Listed]] = {}
    for number, line in enumerate(lines, start=1):
        try:
            signed = signed_in(line)
            one = listed_in(signed)
        except ValueError:
            logger.error("erasure.list_damaged", place=place.name, line=number)
            continue
        if one.id in found:
            continue
        if public_key is None or not signed.is_signed_by(public_key):
            logger.error("erasure.list_not_signed", place=place.name, line=number)
            continue
        found[one.id] = line, one
    return found
