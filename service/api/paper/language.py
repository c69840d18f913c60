"""The languages of papers. Digits are Western in all of them, as on papers of the Maghreb and of Djibouti."""

from enum import StrEnum


class Language(StrEnum):
    FRENCH = "fr"
    ARABIC = "ar"
    ENGLISH = "en"

    @property
    def leftwards(self) -> bool:
        """Written from right to left: the whole layout is mirrored."""
        return self is Language.ARABIC


class Paper(StrEnum):
    """card: ID-1 of ISO/IEC 7810, 85.6 by 53.98 mm. a4: a sheet to cut the same out of, with what to know."""

    CARD = "card"
    A4 = "a4"
