"""Having every place outside the database list all orders to erase: one may have come later, or was lost."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import structlog

from service.kit.actor import Actor
from service.kit.unit import Storage
from service.privacy.domain.certificates import Signed, order_of
from service.privacy.ports import ErasureList, PrivacyUnit, Signers
from service.privacy.steps.listed import orders_in

logger = structlog.get_logger(__name__)


def fill_lists(
    *,
    actor: Actor,
    storage: Storage[PrivacyUnit],
    lists: Sequence[ErasureList],
    public_key: str | None,
    signer: Signers,
) -> int:
    """Append to each place the orders that other places or the database have; how many.

    A place that cannot be written is left for the next time. Orders not listed anywhere yet are for `Finisher`.
    public_key: raw, in hex; None where there is none yet. Raises CheckpointsBroken.
    """
    if public_key is None:
        return 0
    places = [(place, found) for place in lists if (found := orders_in(place, public_key)) is not None]
    lines = {one: line for _, found in places for one, (line, _) in found.items()}
    lines |= _of_database(storage, lines, signer)
    count = 0
    for place, found in places:
        count += _append(place, [line for one, line in lines.items() if one not in found], actor)
    return count


def _of_database(storage: Storage[PrivacyUnit], known: Collection[UUID], signer: Signers) -> Mapping[UUID, str]:
    """What was listed once, and is in no place any more."""
    found: dict[UUID, str] = {}
    with storage.read() as uow:
        for erasure_id in set(uow.erasures.ids()).difference(known):
            one = uow.erasures.by_id(erasure_id)
            if one is not None and one.listed_at is not None:
                order, key = order_of(one), signer()
                found[one.id] = Signed(order, key.sign(order), key.public_key).line()
    return found


def _append(place: ErasureList, lines: Sequence[str], actor: Actor) -> int:
    if not lines:
        return 0
    try:
        place.append(lines)
    except OSError as error:
        logger.error("erasure.list_not_written", place=place.name, reason=type(error).__name__)
        return 0
    logger.info("erasure.list_filled", place=place.name, orders=len(lines), actor=actor.id)
    return len(lines)
