"""The page of numbers by which demographic evidence is weighed. `scripts.fit_demographics` writes it."""

import json
from functools import cache
from pathlib import Path

from service.deduplication.domain.weights import Tail, Weights

PAGE = Path(__file__).with_name("demographics.json")


@cache
def fitted_weights() -> Weights:
    """As they were fitted; the card beside the numbers names the data."""
    page = json.loads(PAGE.read_text())
    tails = {name: Tail(**page[name]) for name in ("strangers", "relatives")}
    return Weights(page["m"], page["u"], page["frequency"], page["rarest"], **tails)
