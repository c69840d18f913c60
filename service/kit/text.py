"""Text as people may write it: in one normal form, and without what deceives the eye or shows nothing.

What a name must be is for the person to say: any script, any length that fits, digits too. Only one without a letter is
none. What is wrong is raised as ValueError, in words that go on after the name of a field.
"""

import unicodedata

DECEPTIVE = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates: with them text is shown in another order than it is kept.

The marks of direction (U+200E, U+200F, U+061C) and the joiners (U+200C, U+200D) stay: keyboards insert the former
beside Arabic, and Persian and Indic words need the latter.
"""
WRAPPINGS = {"\u2066": "\u2069", "\u2067": "\u2069", "\u2068": "\u2069", "\u202a": "\u202c", "\u202b": "\u202c"}
"""Those around a whole text change nothing in it: systems add them where Arabic is copied."""
LINE_ENDS = ("\n", "\u2028", "\u2029")
LONGEST_LINE = 200


def writable(text: str) -> str:
    """In Unicode's composed form (NFC): the same letters are the same text, whatever device they came from."""
    text = _unwrapped(text)
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter != "\n" for letter in text):
        raise ValueError("has control characters")
    if not DECEPTIVE.isdisjoint(text):
        raise ValueError("has characters that change the order in which text is shown")
    if text and not any(unicodedata.category(letter)[0] in "LNPS" for letter in text):
        raise ValueError("has nothing that can be seen")
    return unicodedata.normalize("NFC", text)


def _unwrapped(text: str) -> str:
    """Without a byte-order mark in front, and without what isolates or embeds the whole of it."""
    text = text.removeprefix("\ufeff")
    while len(text) > 1 and WRAPPINGS.get(text[0]) == text[-1]:
        text = text[1:-1]
    return text


def one_line(text: str) -> str:
    if any(end in text for end in LINE_ENDS):
        raise ValueError("has several lines")
    return text


def with_a_letter(text: str) -> str:
    if not any(unicodedata.category(letter)[0] == "L" for letter in text):
        raise ValueError("has no letter, so it is not a name")
    return text
